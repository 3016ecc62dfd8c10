"""Where links are followed: the address before a slug, and the hosts that a link may not lead back to."""

from store.settings import Service, Settings


def short_address(settings: Settings) -> str:
    """What stands before a slug."""
    return f"{settings.address(Service.COLLECTOR)}/r/"


def own_hosts(settings: Settings) -> frozenset[str]:
    """Where a link may not lead, since it would come back."""
    from marketing_pipelines.links.targets import host_and_port  # commands that make no link start without

    return frozenset({host_and_port(settings.address(Service.COLLECTOR))})
