"""Libraries inside other jars, as jars or merged into them: their builds left their coordinates there."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

from packageurl import PackageURL

from supply_chain import bom
from supply_chain.errors import UnknownComponentError

PROPERTIES: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
# The names of the licences in a pom; what a pom inherits from its parent is not there.
LICENCE: Final = re.compile(r"<license>.*?<name>\s*(.*?)\s*</name>", re.DOTALL)


def components(jar: zipfile.ZipFile) -> Iterator[bom.Component]:
    """Yield a component for each Maven project whose coordinates are in a jar, or in a jar inside it.

    Raises:
        UnknownComponentError: a jar inside does not say which project it is.
    """
    for name in sorted(jar.namelist()):
        if PROPERTIES.fullmatch(name):
            yield component(jar, name)
        elif name.endswith(".jar"):
            with zipfile.ZipFile(io.BytesIO(jar.read(name))) as inner:
                inside = list(components(inner))
            if not inside:
                raise UnknownComponentError(
                    f"{name}, inside another jar, has no pom.properties: list it by hand"
                )
            yield from inside


def component(jar: zipfile.ZipFile, properties: str) -> bom.Component:
    """Return the component that one pom.properties, with the pom.xml beside it, stands for."""
    lines = jar.read(properties).decode().splitlines()
    of = {key.strip(): value.strip() for key, _, value in (line.partition("=") for line in lines)}
    pom = properties.removesuffix("properties") + "xml"
    names = LICENCE.findall(jar.read(pom).decode()) if pom in jar.namelist() else []
    purl = PackageURL("maven", of["groupId"], of["artifactId"], of["version"], {"type": "jar"}).to_string()
    return {
        "type": "library",
        "bom-ref": purl,
        "group": of["groupId"],
        "name": of["artifactId"],
        "version": of["version"],
        "licenses": [{"license": {"name": licence}} for licence in names or [bom.NO_LICENCE]],
        "purl": purl,
    }
