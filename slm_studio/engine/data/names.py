"""Names that columns go by, in the languages of the people who use this: text, label, id, split."""

import re

TEXT_NAMES = (
    "text", "sentence", "content", "文本", "内容", "正文", "评论", "內容", "評論", "句子", "文章", "語句", "message", "review", "comment", "document",
    "body", "utterance", "tweet", "sms", "post", "reviewbody", "留言", "消息", "微博", "弹幕", "原文",
    "question", "query", "title", "summary", "description", "input", "prompt", "instruction", "story", "abstract", "问题", "标题", "描述",
)  # fmt: skip
STRONG = TEXT_NAMES.index("question")  # names before this place settle the text column; the others only hint at it
LABEL_NAMES = (
    "label", "category", "class", "intent", "sentiment", "labels", "target", "topic", "tag", "tags", "polarity", "emotion", "rating", "stars", "star",
    "score", "type", "genre", "domain", "is_spam", "similar", "y", "标签", "类别", "分类", "类型", "情感", "意图", "主题", "标注", "评分", "星级", "领域",
    "標籤", "類別",
)  # fmt: skip
# Among several columns that could be labels one of these is the label, and one of those below is not.
SURE_LABEL_NAMES = (
    "label",
    "labels",
    "category",
    "class",
    "intent",
    "target",
    "y",
    "标签",
    "类别",
    "分类",
    "意图",
    "標籤",
    "類別",
)
HARDLY_LABEL_NAMES = (
    "language", "lang", "channel", "source", "platform", "device", "annotator", "annotator_id", "worker", "author", "user", "username", "website",
    "licence", "license", "batch", "file", "filename", "page", "status", "state", "语言", "渠道", "来源", "平台", "设备", "状态", "标注员", "标注者", "作者", "用户",
)  # fmt: skip
# Numbers in columns of these names are what is asked for, and grow with something.
SCORE_NAMES = (
    "score", "rating", "stars", "star", "grade", "similarity", "relatedness", "helpfulness", "toxicity", "share", "probability", "valence",
    "arousal", "quality", "overall", "评分", "分数", "得分", "星级", "相似度",
)  # fmt: skip
# Two columns of texts that are compared: the second beside its first.
PAIR_NAMES = (
    ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("text1", "text2"), ("text_1", "text_2"), ("text_a", "text_b"), ("sentence_a", "sentence_b"),
    ("question1", "question2"), ("question_1", "question_2"), ("premise", "hypothesis"), ("s1", "s2"), ("sent1", "sent2"), ("context", "hypothesis"),
    ("sentence", "sentence2"), ("text", "text2"), ("query", "passage"), ("query", "title"), ("evidence", "claim"), ("claim", "evidence"),
    ("sentence", "word"), ("句子", "词语"), ("句子1", "句子2"), ("句子一", "句子二"), ("文本1", "文本2"), ("前提", "假设"), ("问题1", "问题2"),
)  # fmt: skip
MEASURE_NAMES = (
    "age", "year", "month", "day", "hour", "week", "minute", "count", "number", "num", "n", "length", "len", "size", "price", "amount", "cost",
    "quantity", "qty", "total", "likes", "views", "votes", "upvotes", "downvotes", "retweets", "shares", "replies", "comments", "words", "chars",
    "weight", "height", "年龄", "年", "月", "日", "数量", "价格", "金额", "次数", "字数", "长度",
)  # fmt: skip
ANSWER_NAMES = ("output", "response", "completion", "answer", "story", "poem", "lyrics", "输出", "回答", "答案", "回复")
ID_NAMES = ("id", "index", "idx", "uuid", "guid", "key", "row", "no", "编号", "序号", "索引", "編號", "url", "link")
ADDRESS_NAMES = (
    "address", "street", "street_address", "email", "e_mail", "mail", "ip", "ip_address", "url", "link", "website", "homepage", "地址", "住址",
    "邮箱", "电子邮箱", "网址", "链接",
)  # fmt: skip
WORDS_NAMES = ("words", "tokens", "token", "word", "chars", "characters", "字", "词", "分词")  # of lists of them
TAGS_NAMES = (
    "tags",
    "tag",
    "ner",
    "bio",
    "iob",
    "labels",
    "label",
    "slots",
    "slot_labels",
    "ner_labels",
    "标签",
    "标注",
)
SPLIT_NAMES = ("split", "set", "partition", "fold", "subset", "数据集", "划分")
SPLIT_VALUES = {
    "train": "train", "training": "train", "trn": "train", "训练": "train", "训练集": "train",
    "dev": "validation", "valid": "validation", "validation": "validation", "val": "validation", "development": "validation", "eval": "validation",
    "验证": "validation", "验证集": "validation", "开发集": "validation",
    "test": "test", "testing": "test", "tst": "test", "测试": "test", "测试集": "test",
}  # fmt: skip
OTHER_NAMES = (
    "answer", "response", "output", "messages", "conversations", "context", "source", "date", "time", "author", "user", "name", "lang", "language",
    "question_1", "question_2", "sentence1", "sentence2", "premise", "hypothesis", "query-id", "corpus-id", "tokens", "ner_tags", "length", "城市", "日期",
    "时间", "作者", "用户", "答案", "回答", "姓名",
)  # fmt: skip


def folded(name: str) -> str:
    """Return a column name for comparison: its last dotted part, lower case, words joined by _.

    Example: folded("content.Review Text") == "review_text"
    """
    last = re.split(r"[.\]]\.?", name.strip().rstrip("]"))[-1] or name
    return re.sub(r"[\s\-]+", "_", last.strip().casefold())


def rank(name: str, names: tuple[str, ...]) -> int:
    """Return how well a column's name fits a list: 0 is its first word, len(names) and more is no fit."""
    own = folded(name)
    if own in names:
        return names.index(own)
    words = set(re.split(r"[_\W]+", own))
    parts = [place for place, each in enumerate(names) if each in words or (not each.isascii() and each in own)]
    return len(names) // 2 + min(parts) // 2 if parts else 2 * len(names)


def is_id(name: str) -> bool:
    """Say whether a column's name says that it numbers or names the rows."""
    own = folded(name)
    return own in ID_NAMES or not {"id", "index", "idx", "uuid", "guid"}.isdisjoint(own.strip("_").split("_"))


def is_label(name: str) -> bool:
    """Say whether a column's name says that it holds labels."""
    return rank(name, LABEL_NAMES) < 2 * len(LABEL_NAMES)


def is_tags(name: str) -> bool:
    """Say whether a column's name says that it holds a tag for each word."""
    return folded(name) in TAGS_NAMES or folded(name).endswith("_tags")


def is_spoken(name: str) -> bool:
    """Say whether a column's whole name is one for texts or labels."""
    return folded(name) in (*TEXT_NAMES, *LABEL_NAMES)


def is_measure(name: str) -> bool:
    """Say whether a column's name says that its numbers count or measure something."""
    own = folded(name)
    return own in MEASURE_NAMES or own.rpartition("_")[2] in MEASURE_NAMES or own.startswith(("n_", "num_"))


def is_beside(name: str) -> bool:
    """Say whether a column's name says that it tells about the row rather than what its text is: meta.source."""
    return bool(re.match(r"(?i)(meta|metadata|_meta|info)\b", name.strip())) and "." in name


def is_known_name(cell: str) -> bool:
    """Say whether a cell is a name that columns go by."""
    own = re.sub(r"[\s\-]+", "_", cell.strip().strip('"').casefold())
    return own in TEXT_NAMES + LABEL_NAMES + ID_NAMES + SPLIT_NAMES + OTHER_NAMES
