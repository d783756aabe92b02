"""Encodings: guessed by statistics, decoded without silent loss."""

import pytest

from slm_studio.engine.data.encoding import decode_stream, guess, is_binary
from slm_studio.engine.data.notes import Notes

CHINESE = "这个酒店的服务非常好，房间也很干净，我们下次还会再来。\n价格有点贵，但是位置很方便！\n" * 5
TRADITIONAL = "這個酒店的服務非常好，房間也很乾淨，我們下次還會再來。\n價格有點貴，但是位置很方便！\n" * 5
JAPANESE = "このホテルのサービスはとても良かったです。\n部屋もきれいで、また来たいと思います。\n" * 5
KOREAN = "이 호텔의 서비스는 아주 좋았고 방도 깨끗했습니다.\n다음에 다시 오고 싶습니다.\n" * 5
FRENCH = "L'hôtel était très agréable et le petit déjeuner délicieux.\nÀ bientôt, peut-être !\n" * 5
RUSSIAN = "Гостиница была очень хорошая, и завтрак вкусный.\nМы приедем снова.\n" * 5
ENCODED = [
    (CHINESE, "utf-8"), (CHINESE, "gb18030"), (CHINESE, "utf-16-le"), (CHINESE, "utf-16-be"), (CHINESE, "utf-32-le"), (CHINESE, "utf-32-be"),
    (TRADITIONAL, "cp950"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"), (KOREAN, "cp949"), (FRENCH, "cp1252"), (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8_r"), ("plain ASCII\n", "utf-8"), (FRENCH, "utf-16-le"), (JAPANESE, "iso2022_jp"),
]  # fmt: skip


def decode(data: bytes, name: str, size: int = 1 << 20) -> tuple[str, Notes]:
    notes = Notes()
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    return "".join(decode_stream(chunks, name, notes)), notes


@pytest.mark.parametrize(("text", "name"), ENCODED, ids=[f"{name}-{text[:2]}" for text, name in ENCODED])
def test_encoding_is_guessed_from_its_characters(text: str, name: str) -> None:
    assert guess(text.encode(name)).name == name


@pytest.mark.parametrize(("name", "found"), [("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-32", "utf-32")])
def test_mark_at_the_beginning_settles_it_and_is_no_text(name: str, found: str) -> None:
    data = CHINESE.encode(name)

    assert guess(data).name == found
    assert decode(data, found)[0] == CHINESE


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize("name", ["utf-8", "gb18030", "utf-16", "big5"])
def test_chunks_may_cut_characters_anywhere(name: str, size: int) -> None:
    text = TRADITIONAL if name == "big5" else CHINESE + "😀🀄\r\nZWJ 👩‍👩‍👧\r"

    assert decode(text.encode(name), name, size)[0] == text


def test_bad_bytes_become_one_sign_each_and_are_counted_by_line() -> None:
    text, notes = decode(b"good\nb\xffd \xfe\ngood\n\x80\n", "utf-8")

    assert text == "good\nb\ufffdd \ufffd\ngood\n\ufffd\n"
    assert notes.found["bytes-undecodable"].count == 3
    assert notes.found["bytes-undecodable"].places == [2, 4]


def test_replacement_signs_that_stand_in_the_file_are_not_counted() -> None:
    text, notes = decode("a\ufffdb\n".encode(), "utf-8")

    assert text == "a\ufffdb\n" and not notes.found


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"])
def test_replacement_signs_of_a_wide_encoding_are_not_counted_either(name: str) -> None:
    text, notes = decode("a\ufffdb\nc\ufffd\n".encode(name), name, 3)

    assert text == "a\ufffdb\nc\ufffd\n" and not notes.found


def test_damage_in_a_wide_encoding_is_counted_beside_signs_of_the_file() -> None:
    text, notes = decode("one \ufffd\n".encode("utf-16-le") + b"\x00\xd8x\x00\n\x00\n\x00z", "utf-16-le", 5)

    assert text == "one \ufffd\n\ufffdx\n\n\ufffd"
    assert notes.found["bytes-undecodable"].places == [2, 4]


@pytest.mark.parametrize(
    ("text", "plain", "name"),
    [
        (TRADITIONAL + "碁盤、恒生、裏面、€、╔═╗\n", "big5", "cp950"),
        (TRADITIONAL + "佢嘅嘢係咪喺呢度\n", "cp950", "big5hkscs"),
        (JAPANESE + "①㈱髙島屋 ～\n", "shift_jis", "cp932"),
        (KOREAN + "똠방각하 펲시콜라\n", "euc_kr", "cp949"),
    ],
)
def test_signs_that_the_plain_table_lacks_are_read_as_windows_wrote_them(text: str, plain: str, name: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        text.encode(name).decode(plain)

    assert guess(text.encode(name)).name == name
    assert decode(text.encode(name), name) == (text, Notes())


def test_a_few_bad_lines_do_not_turn_utf8_into_another_encoding() -> None:
    data = CHINESE.encode() * 3 + b"broken \xe4\xb8 here\n"

    assert guess(data).name == "utf-8"


def test_random_bytes_are_binary_and_odd_text_is_not() -> None:
    assert is_binary(bytes(range(256)) * 20, "cp1252")
    assert not is_binary(CHINESE.encode(), "utf-8")
    assert not is_binary(CHINESE.encode("utf-16"), "utf-16")
    assert not is_binary(b"one \x07 bell and a NUL \x00 in a text\n" * 1, "utf-8")


def test_a_million_bad_bytes_take_no_long_time() -> None:
    text, notes = decode(b"\xff" * 1_000_000, "utf-8")

    assert len(text) == 1_000_000 and notes.found["bytes-undecodable"].count == 1_000_000
