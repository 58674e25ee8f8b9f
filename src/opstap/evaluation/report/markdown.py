"""A report of words and tables as Markdown, for who edits it further. Pictures are left out."""

from __future__ import annotations

from opstap.evaluation.report.content import Block, Bullets, Content, Heading, Note, Table, Text


def markdown(content: Content) -> str:
    """The report as Markdown; its band comes first, as a quotation."""
    parts = [f"# {content.title}", f"*{content.subtitle}*"]
    if content.band:
        parts.insert(0, f"> **{content.band}**")
    parts += [_block(block) for block in content.blocks]
    return "\n\n".join(part for part in parts if part) + f"\n\n---\n\n{content.footer}\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.text}"
    if isinstance(block, Text):
        return block.text
    if isinstance(block, Note):
        return f"> {block.text}"
    if isinstance(block, Bullets):
        return "\n".join(f"- {item}" for item in block.items)
    if isinstance(block, Table):
        lines = [_row(block.head), _row(("---",) * len(block.head)), *(_row(row) for row in block.rows)]
        return "\n".join([f"**{block.caption}**", "", *lines] if block.caption else lines)
    return ""


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
