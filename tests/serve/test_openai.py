"""The real client of OpenAI's API, against small models: whole answers, streams, likelihoods, errors."""

import math

import pytest

from slm_studio.core.tasks import all_tasks

openai = pytest.importorskip("openai")

LONG = "word " * 600


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0) as found:
        yield found


def chat(client, text="你们几点开门？", **settings):
    settings = {"model": "my-chat", "max_tokens": 12, "seed": 7, "temperature": 1.0} | settings
    return client.chat.completions.create(messages=[{"role": "user", "content": text}], **settings)


def test_models_are_listed_and_described(client) -> None:
    found = {model.id: model for model in client.models.list()}

    assert list(found) == [f"my-{info.key}" for info in all_tasks() if info.route]
    assert client.models.retrieve("my-tag").slm_studio == {"name": "My tag", "task": "tag", "route": "/v1/tag"}
    with pytest.raises(openai.NotFoundError, match=r"There is no model “nosuch” here\. Served are: my-classify"):
        client.models.retrieve("nosuch")


def test_a_chat_is_answered_with_its_usage_and_the_settings_that_held(client) -> None:
    told = chat(client, stop=["never said"], top_p=0.5)

    (choice,) = told.choices
    assert choice.message.role == "assistant" and choice.finish_reason in ("stop", "length")
    assert told.usage.completion_tokens <= 12 and told.usage.prompt_tokens > 3
    assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens
    settings = told.slm_studio["settings"]
    assert (settings["max_tokens"], settings["seed"], settings["top_p"]) == (12, 7, 0.5)
    assert settings["stop"] == ["never said"] and settings["repetition_penalty"] == 1.1  # as in the playground


def test_a_stream_says_the_same_character_by_character_and_ends_with_its_usage(client) -> None:
    whole = chat(client, max_tokens=40)

    *pieces, last = list(chat(client, max_tokens=40, stream=True, stream_options={"include_usage": True}))

    text = "".join(each.choices[0].delta.content or "" for each in pieces)
    assert text == whole.choices[0].message.content and "\ufffd" not in text[:-1]
    assert pieces[0].choices[0].delta.role == "assistant"
    assert [each.choices[0].finish_reason for each in pieces if each.choices[0].finish_reason] == [
        whole.choices[0].finish_reason
    ]
    assert last.choices == [] and last.usage == whole.usage
    assert {each.id for each in (*pieces, last)} == {last.id}


def test_an_answer_is_no_longer_than_the_context_and_the_length_that_held_is_told(client) -> None:
    told = chat(client, "Hello", max_tokens=5000, temperature=0, stop=[])

    settings, usage = told.slm_studio["settings"], told.usage
    assert usage.completion_tokens <= settings["max_tokens"] == 96 - usage.prompt_tokens
    assert told.choices[0].finish_reason == ("length" if usage.total_tokens == 96 else "stop")


def test_a_seed_repeats_an_answer_and_the_one_that_was_drawn_is_told(client) -> None:
    first = chat(client, seed=None)

    again = chat(client, seed=first.slm_studio["settings"]["seed"])

    assert again.choices[0].message.content == first.choices[0].message.content


def test_likelihoods_stand_beside_each_token_whole_and_in_a_stream(client) -> None:
    told = chat(client, logprobs=True, top_logprobs=3).choices[0]
    streamed = [
        token
        for chunk in chat(client, logprobs=True, top_logprobs=3, stream=True)
        if chunk.choices[0].logprobs
        for token in chunk.choices[0].logprobs.content
    ]

    tokens = told.logprobs.content
    assert "".join(each.token for each in tokens) == told.message.content
    assert all(each.logprob <= 0 and len(each.top_logprobs) == 3 for each in tokens)
    assert bytes(byte for each in tokens for byte in each.bytes).decode() == told.message.content
    assert streamed == tokens


def test_texts_are_gone_on_with_one_or_several_and_streamed(client) -> None:
    asked = {"model": "my-write", "max_tokens": 6, "temperature": 0, "logprobs": 2}

    two = client.completions.create(prompt=["the cat", "小明"], **asked)
    one = client.completions.create(prompt="小明", **asked)
    streamed = list(client.completions.create(prompt="小明", stream=True, **asked))

    assert [choice.index for choice in two.choices] == [0, 1] and two.choices[1].text == one.choices[0].text
    assert "".join(each.choices[0].text for each in streamed) == one.choices[0].text
    found = one.choices[0].logprobs
    assert "".join(found.tokens) == one.choices[0].text and len(found.top_logprobs[0]) == 2
    assert found.text_offset[0] == 0 and math.isclose(
        max(found.top_logprobs[0].values()), found.token_logprobs[0], rel_tol=1e-4
    )
    assert two.usage.completion_tokens == 12 and one.choices[0].finish_reason == "length"


def test_n_continuations_of_each_text_come_side_by_side_and_are_counted_once_read(client) -> None:
    asked = {"model": "my-write", "max_tokens": 6, "temperature": 1.5, "seed": 4}
    alone = [client.completions.create(prompt="小明", **asked | {"seed": seed}) for seed in (4, 5)]

    whole = client.completions.create(prompt=["小明", "the cat"], n=2, **asked)
    one, two = alone
    usage = {"include_usage": True}
    *pieces, last = list(client.completions.create(prompt="小明", n=2, stream=True, stream_options=usage, **asked))

    assert [each.index for each in whole.choices] == [0, 1, 2, 3]
    assert [each.text for each in whole.choices[:2]] == [one.choices[0].text, two.choices[0].text]
    streamed = ["".join(p.choices[0].text for p in pieces if p.choices[0].index == at) for at in (0, 1)]
    assert streamed == [each.text for each in whole.choices[:2]]
    assert [p.choices[0].finish_reason for p in pieces if p.choices[0].finish_reason] == ["length", "length"]
    assert last.usage.prompt_tokens == one.usage.prompt_tokens and last.usage.completion_tokens == 12
    assert whole.slm_studio["settings"]["n"] == 2 and whole.usage.completion_tokens == 24
    with pytest.raises(openai.BadRequestError, match="“n” is 17"):
        client.completions.create(prompt="a", n=17, **asked)


def test_a_model_that_chats_gives_n_answers_side_by_side(client) -> None:
    asked = {"temperature": 1.5, "seed": 4, "max_tokens": 6}
    alone = [chat(client, **asked | {"seed": seed}) for seed in (4, 5)]

    whole = chat(client, n=2, **asked)
    pieces = list(chat(client, n=2, stream=True, **asked))

    assert [each.message.content for each in whole.choices] == [each.choices[0].message.content for each in alone]
    assert whole.choices[0].message.content != whole.choices[1].message.content
    streamed = ["".join(p.choices[0].delta.content or "" for p in pieces if p.choices[0].index == at) for at in (0, 1)]
    assert streamed == [each.message.content for each in whole.choices]
    assert whole.usage.completion_tokens == sum(each.usage.completion_tokens for each in alone)


def test_the_token_that_was_drawn_is_always_among_the_likeliest(client) -> None:
    asked = {"model": "my-write", "prompt": "the cat", "max_tokens": 12, "temperature": 5, "top_p": 1, "seed": 1}

    found = client.completions.create(**asked, logprobs=1).choices[0].logprobs

    pairs = [*zip(found.tokens, found.token_logprobs, found.top_logprobs, strict=True)]
    assert all(math.isclose(likely[token], score) for token, score, likely in pairs)
    assert max(len(likely) for _, _, likely in pairs) == 2  # the likeliest, and the one that was drawn


def test_an_answer_ends_before_a_stop_string(client) -> None:
    text = client.completions.create(model="my-write", prompt="the", max_tokens=20, temperature=0).choices[0].text
    stop = text[3:5]

    told = client.completions.create(model="my-write", prompt="the", max_tokens=20, temperature=0, stop=stop).choices[0]

    assert told.text == text[: text.index(stop)] and told.finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_the_context_is_refused_with_both_numbers(client, stream) -> None:
    for ask in (
        lambda: chat(client, LONG, stream=stream),
        lambda: client.completions.create(model="my-write", prompt=LONG, max_tokens=2, stream=stream),
    ):
        with pytest.raises(
            openai.BadRequestError, match=r"The prompt is [\d,]+ tokens long, and the model has room for \d+"
        ):
            ask()


@pytest.mark.parametrize(
    ("settings", "code", "parameter"),
    [
        ({"n": 17}, "knob-range", "n"),
        ({"frequency_penalty": 0.5}, "body-unsupported", "frequency_penalty"),
        ({"logit_bias": {"5": 1}}, "body-unsupported", "logit_bias"),
        ({"tools": [{"type": "function", "function": {"name": "x"}}]}, "body-unsupported", "tools"),
        ({"response_format": {"type": "json_object"}}, "body-unsupported", "response_format"),
        ({"temperature": 6}, "knob-range", "temperature"),
        ({"max_tokens": 0}, "knob-range", "max_tokens"),
        ({"max_completion_tokens": 1.5}, "knob-type", "max_completion_tokens"),
        ({"seed": -1}, "knob-range", "seed"),
        ({"stop": ["x"] * 17}, "stop-too-much", "stop"),
        ({"top_logprobs": 2}, "logprobs-off", "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "knob-range", "top_logprobs"),
        ({"extra_body": {"grammar": "x"}}, "body-unknown", "grammar"),
        ({"extra_body": {"stream_options": {"x": 1}}}, "body-unknown", "x"),
    ],
)  # fmt: skip
def test_what_would_change_the_answer_and_is_not_done_is_refused_by_its_name(client, settings, code, parameter) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat(client, **settings)

    assert (caught.value.code, caught.value.param) == (code, parameter)
    assert f"“{parameter}”" in caught.value.body["message"]


def test_what_changes_nothing_is_ignored(client) -> None:
    harmless = {
        "user": "ada",
        "metadata": {"a": "b"},
        "store": False,
        "n": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
    }

    told = chat(client, **harmless, response_format={"type": "text"}, extra_body={"tools": [], "top_k": 0})

    assert told.choices[0].message.content == chat(client).choices[0].message.content


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([], "text-empty"),
        ([{"role": "user", "content": " "}], "text-empty"),
        ([{"role": "assistant", "content": "a"}], "answer-first"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "nothing-asked"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "body-field"),
        ([{"role": "tool", "content": "a", "tool_call_id": "1"}], "message-part"),
        ([{"role": "user"}], "body-field"),
        (["a"], "body-field"),
    ],
)
def test_what_is_no_question_is_refused_in_words(client, messages, code) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="my-chat", messages=messages)

    assert caught.value.code == code


def test_parts_of_text_are_one_text_and_a_developer_is_the_system(client) -> None:
    parts = [{"type": "text", "text": "你们几点"}, {"type": "text", "text": "开门？"}]
    asked = {"model": "my-chat", "max_tokens": 12, "seed": 7, "temperature": 1.0}

    told = client.chat.completions.create(messages=[{"role": "user", "content": parts}], **asked)
    short = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    system = client.chat.completions.create(messages=short, **asked)
    short[0] = {"role": "developer", "content": "Be brief."}
    developer = client.chat.completions.create(messages=short, **asked)

    assert told.choices[0].message.content == chat(client).choices[0].message.content
    assert developer.usage == system.usage


def test_a_wrong_key_is_refused_and_a_model_of_another_task_named(server, client) -> None:
    other = client.with_options(api_key="wrong")
    with pytest.raises(openai.AuthenticationError, match="holds no key, or another one"):
        other.models.list()
    with pytest.raises(openai.BadRequestError, match="Ask it at /v1/classify"):
        chat(client, model="my-classify")
    with pytest.raises(openai.NotFoundError, match="Served are: "):
        chat(client, model="nosuch")
