"""A first recipe: small, commented, and sure to load."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from curate.core.errors import INTO_FOLDERS, Do, Edit, Note, Run, To, UsageError
from curate.core.files import atomic_write
from curate.core.section import host_port, is_loopback, name_from, source_id

_HEAD = """\
# What the classes are, where their photos come from, what is done to them.
# Every other setting has a default: the docs list all, and `curate status` names what you change.
name: {name} # photos and manifests go to manifests/{name}
classes: {classes}
"""
_SITE = """
source:
  id: {id}
  listings: # for each class the pages that list it; further pages are found
{listings}
  politeness:
    contact: "" # your e-mail or URL: the owner of a public site must be able to reach you
    # image_hosts: [photos.example.com] # other hosts that the photos are on; a fetch names them
"""
_PHOTOS = """
source:
  path: {path} # a folder of photos per class, or a CSV
"""
_REST = """
clean:
  scorer: imagenet # needs no download; `clip` knows more words, and needs the extra of that name
  threshold: 0.3 # least score of a photo that is kept; `curate calibrate` finds yours
  {subject}
split:
  proportional: true # 60/20/20 of what there is; or counts: {{train: 480, val: 160, test: 160}}
  seed: 42
train_baseline:
  variant: transfer # seconds, without torch; finetune is better still, ensemble the best; they take longest
"""
_SUBJECT = "subject: {noun} # what photos show; photos of anything else are rejected"
_NO_SUBJECT = "# subject: {noun} # what photos show, any noun; without it photos of other things may be kept"


def write_recipe(
    path: Path, classes: Sequence[str], photos: Path | None, site: str | None, subject: str = ""
) -> Note:
    """Write a recipe to `path` and say what to do next; `subject` is the noun that photos show.

    Raises UsageError when the file is there already, and for classes, a site or a subject that no recipe can have.
    """
    from curate.clean.subject import of_classes
    from curate.core.recipe_file import parse

    if path.exists():
        raise UsageError(f"{path} is there already and is left as it is", Do("name another file"))
    if photos is not None and site:
        raise UsageError("--photos and --site do not go together", Do("give each a folder"))
    if photos is not None and not photos.exists():
        raise UsageError(f"--photos {photos}: there is no such file or folder")
    if site and (urlsplit(site).scheme not in ("http", "https") or not urlsplit(site).hostname):
        raise UsageError(f"--site {site} is no address", Do("write it with http:// or https:// before it"))
    names, absent, empty = _compared(classes, photos) if photos is not None else (list(classes), [], [])
    if not names:
        raise UsageError("no classes", Do("name them with --classes, e.g. --classes sedan,suv"))
    text = _HEAD.format(name=_flow(_called(path)), classes=_flow(names))
    if site:
        listings = f"    {_flow(names[0])}: [{_flow(site)}]\n"
        listings += "".join(f"    {_flow(name)}: [] # the page that lists {name}\n" for name in names[1:])
        text += _SITE.format(id=_flow(source_id(site)), listings=listings.rstrip("\n"))
        if is_loopback(site):
            text += f"    allow_hosts: [{_flow(host_port(site))}] # this machine is refused unless it is named\n"
    if photos is not None:
        text += _PHOTOS.format(path=_flow(str(photos)))
    line = _SUBJECT if subject else _NO_SUBJECT
    text += _REST.format(subject=line.format(noun=_flow(_noun(subject) or of_classes(names) or "car")))
    parse(text, str(path))
    atomic_write(path, text.encode())
    if site:
        more = [Do(f"name the page of {', '.join(names[1:])} in source.listings")] if len(names) > 1 else []
        return Note(
            f"{path}: a recipe for {', '.join(names)}",
            To("", *more, Edit("source.politeness.contact"), Run("fetch")),
        )
    made = f"{path}: a recipe for {', '.join(names)}"
    made += f"; left out, because no photo is in it: {', '.join(map(repr, empty))}" if empty else ""
    if photos is None:
        return Note(made, Run("import", ("PATH",)))
    if absent:
        lacks = f"{photos} has no {'photo' if photos.is_dir() else 'row'} of {', '.join(absent)} yet"
        return Note(f"{made}; {lacks}", To("", Do("add the photos"), Run("run")))
    return Note(made, Run("run"))


def _compared(classes: Sequence[str], photos: Path) -> tuple[list[str], list[str], list[str]]:
    """The names of the classes, those that `photos` has nothing of, and folders without a photo that are none.

    Without `classes`, the folders name them.

    Raises UsageError where `photos` has other classes, or none of these.
    """
    from curate.core.section import normalise_class
    from curate.fetch.import_stage import classes_at

    given = {normalise_class(name): name for name in classes if any(map(str.isalnum, name))}
    found, empty = classes_at(photos, tuple(given))
    if not classes:
        if not found:
            raise UsageError(f"--photos {photos} has no folder in it", INTO_FOLDERS)
        return sorted(found), [], empty
    unknown, absent = sorted(found - given.keys()), [name for known, name in given.items() if known not in found]
    if not unknown and (found or not photos.is_dir()):
        return list(classes), absent, [name for name in empty if normalise_class(name) not in given]
    what = "folders" if photos.is_dir() else "rows"
    there = f"has {what} of {', '.join(sorted(found))}" if found else "has no folder in it"
    said = f"--photos {photos} {there}, --classes names {', '.join(classes)}"
    said += f"; no class is called {', '.join(unknown)}" if unknown else ""
    said += f"; nothing is there of {', '.join(absent)}" if absent else ""
    if not found:
        raise UsageError(said, INTO_FOLDERS)
    raise UsageError(
        said,
        To("take all that is there", Do("leave out --classes")),
        Do("rename or move away what is no class, or name it in --classes"),
    )


def _noun(subject: str) -> str:
    """The subject as recipes have it. Raises UsageError for what is none."""
    from pydantic import ValidationError

    from curate.core.recipe import Clean
    from curate.core.recipe_words import in_words

    try:
        return Clean(subject=" ".join(subject.split())).subject
    except ValidationError as error:
        raise UsageError(f"--subject: {in_words(error.errors()[0])}") from error


def _called(path: Path) -> str:
    """The recipe's name: the file's, or where that says nothing, its folder's; each file its own."""
    stem = path.stem if path.stem != "curate" else path.resolve().parent.name
    return name_from(stem) or f"mine_{hashlib.sha256(stem.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def _flow(value: object) -> str:
    """A value as YAML on one line."""
    return (
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
        .removesuffix("...\n")
        .strip()
    )
