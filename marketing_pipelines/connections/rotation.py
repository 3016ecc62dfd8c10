"""Rotation: every credential is sealed anew with a new key, and the former keys are gone."""

from store import records
from store.audit import Actor
from store.records import connections
from store.records.connections import Rotated
from store.settings import Role, Settings


def rotate(settings: Settings, actor: Actor) -> Rotated:
    with records.session(settings, Role.PIPELINES) as session:
        return connections.rotate(session, settings, actor)
