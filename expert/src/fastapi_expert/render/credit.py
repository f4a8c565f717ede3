"""Attribution as text: the ledger of the commit being made, and who contributed what."""

from collections.abc import Sequence

from fastapi_expert.credit.history import Commit, Contributor
from fastapi_expert.credit.records import Record
from fastapi_expert.render.terminal import counted


def pending_table(records: Sequence[Record]) -> str:
    """One line a contributor, with the files they touched."""
    if not records:
        return "nobody is in the ledger of the commit being made"
    by_name: dict[str, list[str]] = {}
    for record in records:
        files = by_name.setdefault(record.name, [])
        if record.file and record.file not in files:
            files.append(record.file)
    width = max(map(len, by_name)) + 1
    return "\n".join(f"{'@' + name:<{width}}  {_files(files)}".rstrip() for name, files in by_name.items())


def contributors_table(found: Sequence[Contributor], commits: Sequence[Commit]) -> str:
    """One row a contributor, and how much of the history names anybody."""
    if not commits:
        return "no commit here"
    named = sum(1 for commit in commits if commit.names and not commit.merge)
    if not found:
        return f"{counted(len(commits), 'commit')}, none of which names a contributor"
    closing = f"{counted(len(found), 'contributor')} named in {named} of {counted(len(commits), 'commit')}"
    head = ("contributor", "commits", "files", "added", "deleted", "last", "what")
    rows = [
        (
            f"@{one.name}",
            str(one.commits),
            str(one.files),
            f"+{one.insertions}",
            f"-{one.deletions}",
            one.last[:10],
            ", ".join(f"{count} {kind}" for kind, count in one.types.items()),
        )
        for one in found
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in (0, 5, 6) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
    return "\n".join([*lines, "", closing])


def _files(files: Sequence[str]) -> str:
    more = len(files) - 5
    return ", ".join(files[:5]) + (f" and {more} more" if more > 0 else "") if files else "this commit"
