"""Colour tokens: the two looks, light and dark."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """The colours of one look, as #RRGGBB; design/LOOK.md says what each is for."""

    is_dark: bool
    background: str
    surface: str
    sidebar: str
    text: str
    muted: str
    line: str
    accent: str
    soft: str
    on_accent: str
    held_out: str
    metric: str
    bad: str
    warning: str  # words that warn
    hover: str  # ground of a plain control under the pointer
    strong_accent: str  # the accent under the pointer
    warning_soft: str  # tinted grounds of notices
    bad_soft: str
    border: str  # of a control under the pointer
    marks: tuple[str, ...]  # of the labels of spans, in their order


LIGHT = Tokens(
    is_dark=False, background="#FBFAF7", surface="#FFFFFF", sidebar="#F3F1EB",
    text="#1D1D1F", muted="#6C6A66", line="#E5E2DA",
    accent="#0B7A63", soft="#E3F1ED", on_accent="#FFFFFF",
    held_out="#D9731A", metric="#5B55C9", bad="#B83A1B", warning="#8A4A0B",
    hover="#F6F4EF", strong_accent="#09654F", warning_soft="#FBF0E2", bad_soft="#FAEAE5", border="#CFCBC0",
    marks=("#0B6E5A", "#5B55C9", "#98480A", "#1B64A0", "#A92C74", "#4B6412", "#A83417", "#4A5660"),
)  # fmt: skip
DARK = Tokens(
    is_dark=True, background="#161718", surface="#1E2022", sidebar="#191A1B",
    text="#ECECEE", muted="#A09FA3", line="#303236",
    accent="#3FC2A2", soft="#1E3A34", on_accent="#10201C",
    held_out="#F0A35C", metric="#9A94F5", bad="#F0785A", warning="#F0A35C",
    hover="#27292C", strong_accent="#5AD3B5", warning_soft="#35291C", bad_soft="#3A231E", border="#484B50",
    marks=("#3FC2A2", "#A8A3F7", "#F0A35C", "#73B8F2", "#F093C4", "#AFCB63", "#F58D72", "#B0BAC5"),
)  # fmt: skip
