"""Seed files: what a service's database holds from the start, as YAML or JSON, checked before it is used."""

from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from hotel_services.kit.settings import SettingsError

Model = TypeVar("Model", bound=BaseModel)
_SHOWN = 5


def load_seed(path: Path | None, shipped: tuple[str, str], model: type[Model]) -> Model:
    """Read and check a seed.

    Args:
        path: The user's file, or None for the one that is shipped.
        shipped: Package and file name of that one.
        model: What the file must look like.

    Raises:
        SettingsError: The file cannot be read or does not look like that; the message names the entries.
    """
    try:
        source = (
            path.read_text(encoding="utf-8") if path else files(shipped[0]).joinpath(shipped[1]).read_text()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"SEED_FILE {path} cannot be read: {error}") from error
    try:
        # JSON is YAML too.
        return model.model_validate(yaml.safe_load(source))
    except yaml.YAMLError as error:
        raise SettingsError(f"SEED_FILE {path} is neither YAML nor JSON: {error}") from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise SettingsError(f"SEED_FILE {path}: {'; '.join(wrong[:_SHOWN])}{more}") from error
