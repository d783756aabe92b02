"""Encoding: guess how a file's bytes spell text, and decode them so that nothing is lost in silence.

The guess is statistics of our own: every candidate decodes a sample, and the one whose characters look most like the
language it is made for wins. A person can always name another encoding; bytes that do not decode become U+FFFD,
counted with their line numbers.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.lines import MOST, too_long
from slm_studio.engine.data.notes import Notes

BOMS = {  # UTF-32 first: its mark begins with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
LOOK = 64 << 10  # bytes in which the wide encodings and control characters are looked for
JUDGED = 512 << 10  # bytes with non-ASCII content that the candidates decode
MOST_CONTROLS = 0.01  # share of control bytes above which a file is no text
DOUBTFUL = 0.15  # a fit below this is chance: cp1252 is the last resort
CERTAIN = 0.5  # share of typical characters that lets single lines of another encoding be mended

HAN_SIMPLIFIED = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运吗吧呢啊店房酒服饭评差推荐"
HAN_TRADITIONAL = "這個們來為國說時會對於著過發後種經學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東聲員論處義幾認條氣題變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據張該規萬覺術領確傳師觀讓識帶導爭運嗎裡麼湯歡喜請謝錢買賣車錯誰"
HAN_SHARED = "的一是不了在人有我他中上大和地到以要就出可也你生能而子那得下自之年作用道行所然家事成方多去法如都同面起看定天分好小部其些主理心她本前但因只想日者意力它把十民第公此已工使情明性知全三又正外高由很最重物手向文政美相被利什二等或新己身果加西月合回特代信表化老世位次度任常先海通教原提立及比解水名真走各入口平系活更打女四神何安少才反受目太量再感建做接必件管期市直命山金指保至形社便空治展科五基眼非白界光放即像且思王象完式色路南品住告求程北死交取望共清今切院候吧呢啊湯姆"
HAN_MARKS = "，。、！？；：“”‘’（）《》「」『』…—　０１２３４５６７８９"
HIRAGANA = "".join(map(chr, range(0x3041, 0x3094)))
KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7))) + "ー"
KANJI = "日一人年大国本中生者会法権利自由条的又事何他上下同社分対主第及他平等有保"
HANGUL = "이다는에가을를의은로하고지서도한기사니어있나자라그해일리시인정과대여수안아전만들제게보장우부상스적주구요습네세면위신공조성원동"

# Encoding → the characters that text in it is mostly made of. Of Big5, Shift-JIS and EUC-KR it is what Windows writes
# (cp950, cp932, cp949): the plain tables lack signs that stand in real files.
TYPICAL: dict[str, frozenset[str]] = {
    "gb18030": frozenset(HAN_SIMPLIFIED + HAN_TRADITIONAL + HAN_SHARED + HAN_MARKS),
    "cp950": frozenset(HAN_TRADITIONAL + HAN_SHARED + HAN_MARKS),
    "cp932": frozenset(HIRAGANA + KATAKANA + KANJI + "、。「」・（）　"),
    "euc_jp": frozenset(HIRAGANA + KATAKANA + KANJI + "、。「」・（）　"),
    "cp949": frozenset(HANGUL),
    "cp1252": frozenset("éèêëàâäáãåæçñöóòôõøœüúùûíìîïßÉÈÀÂÄÅÁÇÑÖÓØÜÚÍ’‘“”–—…•£€°«»©®¡¿ºª·´"),
    "cp1250": frozenset("ěščřžýáíéůúňťďóąęłńśźżőűșțăâîôľĺŕáéíóúüöäßĚŠČŘŽÝÁÍÉÚŁŚŻ„”“–—…"),
    "cp1251": frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфОВПНСКИАМТ«»—–№"),
    "koi8_r": frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф"),
    "iso8859_7": frozenset("αοιετσνηυρπκμλωςδγχθφβξζψάέήίόύώΆΈΌΗΤΟΑΚΕΠΣ"),
    "cp1256": frozenset("اليمونرتبعدفسهكقحةجشصطخزءأإىئذثغضظآؤ،؟"),
}
LONGEST_MARK = 4  # bytes of a byte order mark
_MARKING = "slm-studio-marking"
_DAMAGE = "\udcff"  # half a character: stands for no text, so that a U+FFFD of the file itself is told from damage
WESTERN = {"cp1252", "cp1250"}  # their letters stand alone between ASCII letters …
SINGLE = {"cp1251", "koi8_r", "iso8859_7", "cp1256"}  # … and those of other alphabets in runs


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """An encoding and how well it fits (0…1)."""

    name: str
    score: float


def guess(sample: bytes) -> Guess:
    """Return the encoding that `sample` is most likely in. Raises nothing: a last resort is cp1252 with score 0."""
    for bom, name in BOMS.items():
        if sample.startswith(bom):
            return Guess(name=name, score=1.0)
    if wide := _guess_wide(sample[:LOOK]):
        return wide
    if escaped := _guess_escaped(sample):
        return escaped
    broken = _utf8_broken_lines(sample)
    lines = sample.count(b"\n") + sample.count(b"\r") + 1
    if not broken:
        return Guess(name="utf-8", score=1.0)
    other = guess_narrow(sample)
    good = _multibyte(sample) - sum(_multibyte(line) for line in broken)  # lines that only UTF-8 explains
    if good > 0 and (good >= len(broken) or other.score < 0.3 or len(broken) < 0.02 * lines):
        return Guess(name="utf-8", score=good / (good + len(broken)))
    return other


def guess_narrow(sample: bytes) -> Guess:
    """Return the best of the encodings of one or two bytes a character."""
    judged = _interesting(sample)
    found = [Guess(name=name, score=_fit(judged, name)) for name in TYPICAL]
    best = max(found, key=lambda each: each.score)
    if best.name == "cp950" and not _decodes(judged, "cp950") and _decodes(judged, "big5hkscs"):
        return Guess(name="big5hkscs", score=best.score)  # Cantonese has signs of its own
    return best if best.score >= DOUBTFUL else Guess(name="cp1252", score=0.0)


def is_binary(sample: bytes, name: str) -> bool:
    """Say whether the bytes are no text in the encoding `name`: too many control characters."""
    text = sample[:LOOK].decode(name, "replace") if name.startswith(("utf-16", "utf-32")) else None
    if text is not None:
        return bool(text) and sum(ch < " " and ch not in "\t\n\r\f\v\x1a" for ch in text) > MOST_CONTROLS * len(text)
    head = sample[:LOOK]
    controls = len(head) - len(head.translate(None, bytes(set(range(32)) - {8, 9, 10, 11, 12, 13, 26, 27})))
    return controls > max(8, MOST_CONTROLS * len(head))


def check_name(name: str) -> str:
    """Return Python's name of an encoding that a person wrote."""
    try:
        info = codecs.lookup(name)
    except LookupError as error:
        raise _no_such_encoding(name) from error
    if not getattr(info, "_is_text_encoding", True):
        raise _no_such_encoding(name)
    try:
        info.decode(b"a\xff", "replace")
    except (UnicodeError, ValueError) as error:
        if not info.name.startswith(("utf-16", "utf-32")):  # these miss their mark only
            raise _no_such_encoding(name) from error  # idna, punycode: for names, not for files
    return info.name


def _no_such_encoding(name: str) -> StudioError:
    return StudioError(
        "no-such-encoding",
        "There is no encoding “{name}”.",
        "Try utf-8, gb18030, big5, shift_jis, cp1252 or utf-16.",
        name=name,
    )


def whole_characters(text: str) -> str:
    """Return a text in which halves of characters (lone surrogates, which no encoder takes) became U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decode_stream(chunks: Iterator[bytes], name: str, notes: Notes, mend: bool = True) -> Iterator[str]:
    """Yield text. Damaged bytes become U+FFFD and are counted in `notes`; with `mend`, whole lines of a second encoding are read in it."""
    wide = name.startswith(("utf-16", "utf-32", "utf-7", "iso2022", "hz"))
    return _decode_wide(chunks, name, notes) if wide else _decode_lines(chunks, name, notes, mend)


def _decode_wide(chunks: Iterator[bytes], name: str, notes: Notes) -> Iterator[str]:
    """Decode encodings in which a newline is no single byte, or that carry a state. Positions are not known to the byte."""
    codecs.register_error(_MARKING, lambda error: (_DAMAGE, error.end))  # type: ignore[attr-defined]
    head = b""
    while len(head) < LONGEST_MARK and (chunk := next(chunks, None)) is not None:
        head += chunk
    decoder = codecs.getincrementaldecoder(_with_order(name, head))(_MARKING)
    line = 1
    for chunk in chain((head,), chunks, (None,)):
        text = decoder.decode(b"", True) if chunk is None else decoder.decode(chunk)
        line = _count_damage(text, line, notes)
        yield text.replace(_DAMAGE, "\ufffd")


def _with_order(name: str, head: bytes) -> str:
    """Return a codec that needs no mark: Python's utf-16 and utf-32 refuse a file without one, and Windows writes little-endian."""
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE))
    return name if marked or name not in ("utf-16", "utf-32") else f"{name}-le"


def _count_damage(text: str, line: int, notes: Notes) -> int:
    if _DAMAGE in text:
        for number, part in enumerate(text.split("\n")):
            if count := part.count(_DAMAGE):
                _note_bad(notes, line + number, count)
    return line + text.count("\n")


def _decode_lines(chunks: Iterator[bytes], name: str, notes: Notes, mend: bool) -> Iterator[str]:
    """Decode encodings in which \\n and \\r are always themselves, cutting at line ends."""
    codec = "utf-8" if name == "utf-8-sig" else name
    line, first = 1, True
    for block in _blocks(chunks):
        if first and name == "utf-8-sig":
            block = block.removeprefix(codecs.BOM_UTF8)
        first = False
        try:
            yield block.decode(codec)
        except UnicodeDecodeError:
            yield _decode_damaged(block, codec, line, notes, mend)
        line += block.count(b"\n") or block.count(b"\r")


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Regroup chunks so that each ends with a line."""
    pending: list[bytes] = []
    held = 0
    for chunk in chunks:
        cut = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
        if not cut:
            pending.append(chunk)
            held += len(chunk)
            if held > MOST:
                raise too_long()
            continue
        yield b"".join([*pending, chunk[:cut]])
        pending = [chunk[cut:]] if cut < len(chunk) else []
        held = len(chunk) - cut
    if pending:
        yield b"".join(pending)


def _decode_damaged(block: bytes, codec: str, line: int, notes: Notes, mend: bool) -> str:
    """Decode line by line; lines that fail are read in a second encoding where that is certain, or repaired."""
    newline = b"\n" if b"\n" in block else b"\r"
    parts = block.split(newline)
    bad = [number for number, part in enumerate(parts) if not _decodes(part, codec)]
    second = _second_encoding([parts[number] for number in bad], codec) if mend else ""
    texts: list[str] = []
    wrong = set(bad)
    for number, part in enumerate(parts):
        if number not in wrong:
            texts.append(part.decode(codec))
        elif second and _decodes(part, second):
            notes.add(
                "mixed-encodings",
                mark(
                    "{count} {count:line is|lines are} in another encoding ({encoding}) than the rest, and {count:was|were} read in it."
                ),
                line=line + number,
                encoding=second,
            )
            texts.append(part.decode(second))
        else:
            text, count = _decode_lenient(part, codec)
            _note_bad(notes, line + number, count)
            texts.append(text)
    return newline.decode().join(texts)


def _note_bad(notes: Notes, line: int, count: int) -> None:
    notes.add(
        "bytes-undecodable",
        mark(
            "{count} {count:byte does|bytes do} not fit the encoding and became �. Choose another encoding if there are many."
        ),
        line=line,
        count=count,
    )


def _decode_lenient(data: bytes, codec: str) -> tuple[str, int]:
    """Return the text with one U+FFFD for each damaged place, and how many there are."""
    decode: Callable[[memoryview, str], tuple[str, int]] = codecs.getdecoder(codec)
    parts, rest, count = [], memoryview(data), 0
    while rest and count < 1000:
        try:
            parts.append(decode(rest, "strict")[0])
            return "".join(parts), count
        except UnicodeDecodeError as error:
            parts.append(bytes(rest[: error.start]).decode(codec, "replace") + "\ufffd")
            rest = rest[max(error.end, error.start + 1) :]
            count += 1
    tail = bytes(rest).decode(codec, "replace")
    return "".join(parts) + tail, count + tail.count("\ufffd")


def _second_encoding(lines: list[bytes], codec: str) -> str:
    """Return the encoding in which nearly all failing lines make sense, or "". One or two lines are no evidence."""
    if codec != "utf-8" or len(lines) < 3:
        return ""
    found = guess_narrow(b"\n".join(lines))
    fitting = sum(_decodes(line, found.name) for line in lines)
    return found.name if found.score >= CERTAIN and fitting >= 0.9 * len(lines) else ""


def _decodes(part: bytes, codec: str) -> bool:
    try:
        part.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _guess_wide(head: bytes) -> Guess | None:
    """Recognise UTF-16 and UTF-32 without a mark by where their zero bytes stand."""
    zeros = head.count(0)
    if zeros < max(2, len(head) // 200):
        return None
    columns = [head[offset::4].count(0) for offset in range(4)]
    quarter = len(head) / 4
    if min(columns[2], columns[3]) > 0.9 * quarter and columns[0] < 0.5 * quarter:
        return _decoded_wide(head, "utf-32-le")
    if min(columns[0], columns[1]) > 0.9 * quarter and columns[3] < 0.5 * quarter:
        return _decoded_wide(head, "utf-32-be")
    even, odd = columns[0] + columns[2], columns[1] + columns[3]
    if odd >= 4 * even:
        return _decoded_wide(head, "utf-16-le")
    if even >= 4 * odd:
        return _decoded_wide(head, "utf-16-be")
    return None


def _decoded_wide(head: bytes, name: str) -> Guess | None:
    text = head[: len(head) // 4 * 4].decode(name, "replace")
    odd = sum(ch == "\ufffd" or ch < "\t" or "\ue000" <= ch <= "\uf8ff" for ch in text)
    return Guess(name=name, score=1 - odd / len(text)) if text and odd <= 0.02 * len(text) else None


def _guess_escaped(sample: bytes) -> Guess | None:
    """Recognise 7-bit encodings by their escape sequences."""
    if any(byte >= 0x80 for byte in sample[:4096]):
        return None
    if b"\x1b$B" in sample or b"\x1b$@" in sample:
        return Guess(name="iso2022_jp", score=0.9)
    opened, closed = sample.count(b"~{"), sample.count(b"~}")
    if opened >= 3 and abs(opened - closed) <= 1:
        return Guess(name="hz", score=0.9)
    return None


def _utf8_broken_lines(sample: bytes) -> list[bytes]:
    """Return the lines that are not UTF-8. A character cut at the very end of the sample does not count."""
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)
    except UnicodeDecodeError:
        lines = sample.replace(b"\r", b"\n").split(b"\n")
        return [line for line in lines if not _decodes(line, "utf-8")]
    return []


def _multibyte(data: bytes) -> int:
    """Count the lines that hold bytes beyond ASCII."""
    return sum(not line.isascii() for line in data.replace(b"\r", b"\n").split(b"\n"))


def _interesting(sample: bytes) -> bytes:
    """Return the lines with bytes beyond ASCII, up to JUDGED bytes of them."""
    lines, length = [], 0
    for line in sample.replace(b"\r", b"\n").split(b"\n"):
        if not line.isascii():
            lines.append(line)
            length += len(line)
            if length > JUDGED:
                break
    return b"\n".join(lines)[: 2 * JUDGED]


def _fit(data: bytes, name: str) -> float:
    """Return the share of non-ASCII characters that are typical for `name`, less a penalty for bytes that do not decode."""
    text = data.decode(name, "replace")
    foreign = [ch for ch in text if ch > "\x7f"]
    if not foreign:
        return 0.0
    wrong = sum(ch == "\ufffd" for ch in foreign)
    right = sum(ch in TYPICAL[name] for ch in foreign)
    fit = right / len(foreign) - 4 * wrong / len(foreign)
    if name in WESTERN:
        fit *= _alone(data)
    elif name in SINGLE:
        fit *= (1 - _alone(data)) * min(1.0, 3 * len(foreign) / len(text))  # whole words, not a sign here and there
    return max(0.0, fit)


def _alone(data: bytes) -> float:
    """Return the share of bytes beyond ASCII that have no such neighbour."""
    high = bytes(1 if byte >= 0x80 else 0 for byte in range(256))
    flags = b"\0" + data.translate(high) + b"\0"
    total = flags.count(1)
    pairs = sum(flags[at] and flags[at + 1] for at in range(len(flags) - 1))
    return max(0.0, 1 - 2 * pairs / total) if total else 0.0
