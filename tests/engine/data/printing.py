"""Print small PDF files by hand, object by object, so that a test knows what stands where on their pages."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 595, 842  # points of A4
LEFT, TOP = 72, 760
PICTURE = "q 400 0 0 600 90 90 cm /Scan Do Q"
PADDING = bytes.fromhex(
    "28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A"
)  # of passwords, PDF 1.7, 7.6.3.3
OBJECTS = (
    "<< /Type /Catalog /Pages 2 0 R >>",
    "",  # the pages
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [5 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /FontDescriptor 6 0 R "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
    "/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\n"
    "stream\n0\nendstream",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print: where its left end stands, from the page's lower left, and how large its letters are."""

    text: str
    left: float = LEFT
    bottom: float = TOP
    size: float = 12


def set_lines(texts: Sequence[str], *, top: float = TOP, left: float = LEFT, size: float = 12) -> list[Line]:
    """Set lines below each other; an empty one leaves a gap, one that begins with a tab stands two letters in."""
    lines = []
    for number, text in enumerate(texts):
        if text:
            indent = 2 * size if text.startswith("\t") else 0
            lines.append(Line(text.lstrip("\t"), left + indent, top - 1.2 * size * number, size))
    return lines


def pdf(path: Path, pages: Sequence[Sequence[Line] | str], *, password: str = "") -> Path:
    """Write a PDF. A page is its lines, or PICTURE or other signs of its own; with a password it is locked."""
    path.write_bytes(printed(pages, password))
    return path


def printed(pages: Sequence[Sequence[Line] | str], password: str = "") -> bytes:
    """Return a PDF as its bytes."""
    objects = [each.encode() for each in OBJECTS]
    kids = []
    for page in pages:
        content = page.encode() if isinstance(page, str) else b"\n".join(map(_shown, page))
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R /Resources << /Font "
            b"<< /Latin 3 0 R /Han 4 0 R >> /XObject << /Scan 7 0 R >> >> >>" % (WIDTH, HEIGHT, len(objects) + 2)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _written(objects, _lock(password) if password else b"")


def _shown(line: Line) -> bytes:
    if line.text.isascii():
        said = b"(%s)" % line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode()
    else:
        said = b"<%s>" % line.text.encode("utf-16-be").hex().encode()
    font = b"/Latin" if line.text.isascii() else b"/Han"
    return b"BT %s %g Tf %g %g Td %s Tj ET" % (font, line.size, line.left, line.bottom, said)


def _written(objects: Sequence[bytes], lock: bytes) -> bytes:
    data, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    data_end = b"trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, lock, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table + data_end


def _lock(password: str) -> bytes:
    """Return what says that a password is needed: RC4 of 40 bits, the oldest way. Source: PDF 1.7, algorithms 2 to 4."""
    padded = (password.encode() + PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    key = hashlib.md5(padded + owner + b"\xfc\xff\xff\xff" + b"slm" * 4).digest()[:5]
    return b"/ID [<%s> <%s>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> " % (
        *[(b"slm" * 4).hex().encode()] * 2,
        owner.hex().encode(),
        _rc4(key, PADDING).hex().encode(),
    )


def _rc4(key: bytes, data: bytes) -> bytes:
    state, swap = list(range(256)), 0
    for place in range(256):
        swap = (swap + state[place] + key[place % len(key)]) % 256
        state[place], state[swap] = state[swap], state[place]
    coded, swap = bytearray(), 0
    for number, byte in enumerate(data, 1):
        place = number % 256
        swap = (swap + state[place]) % 256
        state[place], state[swap] = state[swap], state[place]
        coded.append(byte ^ state[(state[place] + state[swap]) % 256])
    return bytes(coded)
