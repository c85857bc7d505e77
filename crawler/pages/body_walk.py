"""The block walker: any markup into paragraphs, blocks and spans, without recursion."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from schemas.work import Block, BlockKind, Span, SpanKind

_DROPPED = frozenset(
    [
        "script",
        "style",
        "iframe",
        "template",
        "noscript",
        "head",
        "title",
        "svg",
        "math",
        "object",
        "embed",
        "audio",
        "video",
        "select",
        "button",
        "input",
        "textarea",
        "canvas",
        "map",
        "rp",
        "link",
        "meta",
        "-comment",
    ]
)
_BLOCKS: dict[str, BlockKind] = dict.fromkeys(
    [
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "ul",
        "ol",
        "dl",
        "center",
        "form",
        "fieldset",
        "details",
        "summary",
        "body",
        "html",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "figure",
        "figcaption",
        "address",
        "hgroup",
        "legend",
        "caption",
        "dialog",
        "search",
        "noembed",
    ],
    "p",
)
_BLOCKS |= {f"h{level}": "heading" for level in range(1, 7)}
_BLOCKS |= {"li": "list", "dt": "list", "dd": "list", "blockquote": "quote", "pre": "verse"}
_SPANS: dict[str, SpanKind] = {
    **dict.fromkeys(("em", "i", "cite", "dfn", "var"), "emphasis"),
    **dict.fromkeys(("strong", "b"), "strong"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strike"),
    **dict.fromkeys(("code", "tt", "kbd", "samp"), "code"),
}
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_STYLES: tuple[tuple[re.Pattern[str], SpanKind], ...] = (
    (re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE), "emphasis"),
    (re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE), "strong"),
    (re.compile(r"text-decoration[\w-]*\s*:[^;]*underline", re.IGNORECASE), "underline"),
    (re.compile(r"text-decoration[\w-]*\s*:[^;]*line-through", re.IGNORECASE), "strike"),
)
_ALIGN = re.compile(r"text-align\s*:\s*(center|right|left|justify)", re.IGNORECASE)
SCENE_BREAK = "* * *"
"""What stands in the text for ``<hr>``: the only characters that are not the page's own."""


@dataclass
class Walk:
    """Text, blocks and spans of the nodes walked so far."""

    parts: list[str] = field(default_factory=list)
    """Paragraphs that are done, with the blank lines between them."""
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)
    _line_length: int = 0
    _ends_white: bool = True
    _breaks: int = 0
    _kinds: list[BlockKind] = field(default_factory=list)
    _open: list[tuple[SpanKind, str | None, int]] = field(default_factory=list)
    _preformatted: int = 0
    _is_image: bool = False

    def walk(self, root: LexborNode, skip: Collection[int] = ()) -> None:
        """Walk everything below ``root``; nodes whose ``mem_id`` is in ``skip`` are left out."""
        end = root.mem_id
        node: LexborNode | None = root.child
        while node is not None:
            below = None
            if node.mem_id not in skip and self._enter(node):
                below = node.child
            if below is not None:
                node = below
                continue
            while True:
                if node.mem_id not in skip:
                    self._leave(node)
                if node.next is not None:
                    node = node.next
                    break
                node = node.parent
                if node is None or node.mem_id == end:
                    self.end_paragraph()
                    return
        self.end_paragraph()

    def _enter(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag == "-text":
            self._text(node.text_content or "")
            return False
        if tag in _DROPPED:
            return False
        if tag == "br":
            self._breaks += 1
            return False
        if tag == "hr":
            self._scene_break()
            return False
        if tag == "img":
            self._image(node)
            return False
        if tag == "rt":
            self._ruby(node)
            return False
        if tag in _BLOCKS:
            self.end_paragraph()
            self._kinds.append(_BLOCKS[tag])
            self._preformatted += tag == "pre"
        elif tag in {"td", "th"} and self._line_length:
            self._append(" | ")
        self._open_spans(node, tag)
        return True

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _BLOCKS:
            self.end_paragraph()
            self._kinds.pop()
            self._preformatted -= tag == "pre"
        if tag not in _DROPPED and not tag.startswith("-") and tag not in {"br", "hr", "img", "rt"}:
            self._close_spans(node, tag)

    def _marks(self, node: LexborNode, tag: str) -> list[tuple[SpanKind, str | None]]:
        """Spans that an element opens, outermost first; the same when it closes."""
        marks: list[tuple[SpanKind, str | None]] = []
        if tag in _SPANS:
            marks.append((_SPANS[tag], None))
        attributes = node.attributes if tag != "ruby" else {}
        if tag == "a" and (href := attributes.get("href")):
            marks.append(("link", href))
        if (title := attributes.get("title")) and tag in {"a", "abbr", "span", "acronym"}:
            marks.append(("translation", title))
        if style := attributes.get("style"):
            marks += [(kind, None) for pattern, kind in _STYLES if pattern.search(style)]
            if aligned := _ALIGN.search(style):
                marks.append(("align", aligned[1].lower()))
        if tag == "center":
            marks.append(("align", "center"))
        elif (align := attributes.get("align")) and tag in _BLOCKS:
            marks.append(("align", align.lower()))
        return marks

    def _open_spans(self, node: LexborNode, tag: str) -> None:
        if node.attributes or tag in _SPANS or tag == "center":
            start = self._position()
            self._open += [(kind, value, start) for kind, value in self._marks(node, tag)]

    def _close_spans(self, node: LexborNode, tag: str) -> None:
        if not (node.attributes or tag in _SPANS or tag == "center"):
            return
        for _ in self._marks(node, tag):
            kind, value, start = self._open.pop()
            end = self.length + self._line_length if self._line_length else self.length
            if start < end:
                self.spans.append(Span(kind=kind, start=start, end=end, value=value))

    def _position(self) -> int:
        """Where the next character will stand."""
        if self._line_length:
            return self.length + self._line_length
        return self.length + (2 if self.length else 0)

    def _text(self, text: str) -> None:
        text = text.replace("\xa0", " ")
        if self._preformatted:
            if text.strip():
                self._break_lines()
            self._append(text)
            return
        text = _SPACE.sub(" ", text)
        if text in ("", " "):
            if text and not self._ends_white:
                self._append(" ")
            return
        self._break_lines()
        if self._ends_white and text[0] == " ":
            text = text[1:]
        self._append(text)

    def _break_lines(self) -> None:
        """One break is a line break; two and more end the paragraph."""
        breaks, self._breaks = self._breaks, 0
        if not breaks or not self._line_length:
            return
        if breaks > 1:
            self.end_paragraph()
        else:
            self._append("\n")

    def _append(self, text: str) -> None:
        if not text:
            return
        if not self._line_length and self.length:
            self.parts.append("\n\n")
            self.length += 2
        self._line.append(text)
        self._line_length += len(text)
        self._ends_white = text[-1] in " \n"
        self._is_image = False

    def _image(self, node: LexborNode) -> None:
        if alt := _SPACE.sub(" ", node.attributes.get("alt") or "").strip():
            self._break_lines()
            is_alone = not self._line_length
            self._append(f"[image: {alt}]")
            self._is_image = is_alone

    def _ruby(self, node: LexborNode) -> None:
        reading = _SPACE.sub(" ", node.text(deep=True)).strip()
        start = next((start for kind, _, start in reversed(self._open) if kind == "ruby"), None)
        end = self.length + self._line_length
        if reading and self._line_length:
            base = "".join(self._line)
            length = len(base) - len(base.rstrip(" ")) if start is None else 0
            begin = max(self._ruby_from, self.length) if start is None else start
            if begin < end - length:
                self.spans.append(Span(kind="ruby", start=begin, end=end - length, value=reading))
        self._ruby_from = end

    _ruby_from: int = 0

    def _scene_break(self) -> None:
        self.end_paragraph()
        if self.length:
            self.parts.append("\n\n")
            self.length += 2
        self.parts.append(SCENE_BREAK)
        self.blocks.append(Block(kind="scene_break", start=self.length, end=self.length + len(SCENE_BREAK)))
        self.length += len(SCENE_BREAK)

    def end_paragraph(self) -> None:
        """Close the paragraph at hand, if it holds anything that can be seen."""
        self._breaks = 0
        text = "".join(self._line)
        kept = text.rstrip()
        self._line.clear()
        self._line_length = 0
        self._ends_white = True
        if not kept:
            if text:
                self._take_back()
            return
        start = self.length
        self.parts.append(kept)
        self.length += len(kept)
        kind = "image" if self._is_image else self._kind()
        self.blocks.append(Block(kind=kind, start=start, end=self.length))

    def _take_back(self) -> None:
        """A paragraph of nothing but spaces has put a blank line that nothing follows."""
        if self.parts and self.parts[-1] == "\n\n":
            self.parts.pop()
            self.length -= 2

    def _kind(self) -> BlockKind:
        return next((kind for kind in reversed(self._kinds) if kind != "p"), "p")
