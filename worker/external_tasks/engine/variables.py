"""Process variables: Python values to the engine's typed JSON and back.

| Python                         | engine            | back                                       |
| ------------------------------ | ----------------- | ------------------------------------------ |
| str, UUID, date, time, Decimal | String            | str                                        |
| bool                           | Boolean           | bool                                       |
| int                            | Integer or Long   | int                                        |
| float                          | Double            | float                                      |
| datetime (aware)               | Date              | datetime, milliseconds, with its offset    |
| dict, list, tuple              | Json              | dict, list                                 |
| dataclass, pydantic model      | Json              | dict, or what a parameter is annotated with |
| None                           | Null              | None                                       |
| bytes                          | Bytes             | bytes                                      |
| File                           | File              | File without content, see `Task.read_file` |
| Typed                          | the type it names | by the rules above                         |

Inside a dict or list, UUID, date, time, datetime (ISO 8601, with its offset) and Decimal are texts, an Enum
is its value. An Object that is serialized as JSON comes back as dict or list, other Objects and Xml as text.
"""

from external_tasks.engine.decoding import decode, decode_variable
from external_tasks.engine.encoding import encode
from external_tasks.engine.values import STRING_LIMIT, File, Typed, TypedJson

__all__ = ["STRING_LIMIT", "File", "Typed", "TypedJson", "decode", "decode_variable", "encode"]
