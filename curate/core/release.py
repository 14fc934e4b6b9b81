"""The sections of the recipe that say under which name, and on what ground, photos are given on."""

from pydantic import Field

from curate.core.section import Section

MARKER = ".curate-export.json"  # in an export: what it is made from, and which files are its own


class Rights(Section):
    """On what ground the photos may be given on. The first line of every dataset card says it."""

    ground: str = ""  # one sentence, e.g. "The sellers agreed in writing."; empty: the card says it is not known
    license: str = ""  # of the photos: an SPDX identifier such as CC-BY-4.0, or the address of a text
    holder: str = ""  # whose photos they are
    contact: str = ""  # whom a seller asks to take a photo out


class Export(Section):
    """How an export is called."""

    title: str = ""  # the recipe's name where it is empty
    description: str = ""  # a sentence or two
    owner: str = Field("", pattern=r"^[A-Za-z0-9_.-]*$")  # your account on the site that takes the dataset
