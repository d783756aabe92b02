"""Personal data: found where it is, not where it only looks like it."""

import pytest

from slm_studio.engine.data.privacy import find_personal, mask_personal


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        ("mail jane.doe+x@example.co.uk!", "personal-email", "jane.doe+x@example.co.uk"),
        ("邮箱：zhang@qq.com，谢谢", "personal-email", "zhang@qq.com"),
        ("打电话13812345678找我", "personal-phone", "13812345678"),
        ("+86 138 1234 5678", "personal-phone", "+86 138 1234 5678"),
        ("电话是010-82303114", "personal-phone", "010-82303114"),
        ("call +1 (415) 555-2671 now", "personal-phone", "+1 (415) 555-2671"),
        ("call (415) 555-2671", "personal-phone", "(415) 555-2671"),
        ("身份证11010519491231002X。", "personal-id", "11010519491231002X"),
        ("card 4111 1111 1111 1111", "personal-card", "4111 1111 1111 1111"),
        ("card 5500005555555559", "personal-card", "5500005555555559"),
        ("key sk-abcdefghij0123456789XYZ", "personal-key", "sk-abcdefghij0123456789XYZ"),
        ("token hf_abcdefghijKLMNOP1234", "personal-key", "hf_abcdefghijKLMNOP1234"),
        ("AKIAIOSFODNN7EXAMPLE", "personal-key", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_personal_data_is_found(text: str, code: str, found: str) -> None:
    assert list(find_personal(text)) == [(code, found)]
    assert found not in mask_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check digit
        "4111 1111 1111 1112",  # wrong Luhn digit
        "order 1234567890123456",
        "in 2008年8月8日 and 1998-2003",
        "12345678",
        "@home and a@b",
        "pi is 3.14159265358979",
        "sk-learn is a library, ask-anything",
        "https://example.org/13",
        "1234 rows, 56789 words",
    ],
)
def test_look_alikes_are_left_alone(text: str) -> None:
    assert list(find_personal(text)) == [] and mask_personal(text) == text


def test_hostile_text_takes_no_long_time() -> None:
    for text in ("a" * 200_000 + "@", "1" * 200_000, "a@" * 50_000, "+1 " * 50_000, "sk-" * 50_000, "(1" * 50_000):
        list(find_personal(text))
