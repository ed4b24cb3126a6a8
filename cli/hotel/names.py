"""The names the parts of a stack go by."""

from enum import StrEnum


class Service(StrEnum):
    """The four services."""

    BOOKING = "booking"
    ROOM = "room"
    RESTAURANT = "restaurant"
    CLIENT = "client"


class Role(StrEnum):
    """The engine's users, each with the rights of its work."""

    ADMIN = "admin"
    DEPLOYER = "deployer"
    WORKER = "worker"
    SCALER = "scaler"
    CLIENT = "client"


class EngineKind(StrEnum):
    """The engines that the stack can be run on."""

    OPERATON = "operaton"
    CAMUNDA7 = "camunda7"
