"""The sandbox as one ASGI app: every channel's provider under its name, the rates, and the dial under `/_sandbox`."""

import dataclasses
from collections.abc import Callable
from datetime import date, datetime

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from connectors.face import Channel, utc_now
from connectors.sandbox import reference_rates
from connectors.sandbox.accepted import Accepted
from connectors.sandbox.bitly import BitlyStandIn
from connectors.sandbox.buffer import BufferStandIn
from connectors.sandbox.cms import CmsStandIn
from connectors.sandbox.faults import Dial, Trouble
from connectors.sandbox.google_ads import GoogleAdsStandIn
from connectors.sandbox.linkedin import LinkedInStandIn
from connectors.sandbox.meta import MetaStandIn
from connectors.sandbox.performance import World
from connectors.sandbox.picture import PICTURE
from connectors.sandbox.reddit import RedditStandIn
from connectors.sandbox.reference_rates import ReferenceRatesStandIn
from connectors.sandbox.sendgrid import SendGridStandIn
from connectors.sandbox.sendgrid_events import SendGridEvents
from connectors.sandbox.slack import SlackStandIn
from connectors.sandbox.sms import SmsStandIn
from connectors.sandbox.sms_calls import SmsCalls
from connectors.sandbox.stripe import StripeEvents
from connectors.sandbox.tiktok import TikTokStandIn
from connectors.sandbox.tiktok_account import TikTokAccountStandIn
from connectors.sandbox.video import VIDEO
from connectors.sandbox.world import account
from connectors.sandbox.x import XStandIn
from connectors.sandbox.youtube import YouTubeStandIn


def create_app(
    seed: int = 7,
    clock: Callable[[], datetime] = utc_now,
    page_rows: int = 10_000,
    *,
    world: World | None = None,
) -> Starlette:
    """A fresh sandbox; the same seed and moment give the same numbers, and `page_rows` bounds every page.

    Another world, such as a very large one, takes the place of the seed's and the clock's.
    """
    world = world or World(seed, clock)
    dial = Dial()
    accepted = Accepted()
    providers = (
        GoogleAdsStandIn(world, page_rows, accepted).provider(),
        MetaStandIn(world, page_rows, accepted).provider(),
        LinkedInStandIn(world, page_rows, accepted).provider(),
        TikTokStandIn(world, page_rows, accepted).provider(),
        TikTokAccountStandIn(world, page_rows, accepted).provider(),
        RedditStandIn(world, page_rows, accepted).provider(),
        XStandIn(world, page_rows, accepted).provider(),
        SendGridStandIn(accepted, clock).provider(),
        SmsStandIn(page_rows, accepted, clock).provider(),
        SlackStandIn(page_rows, accepted, clock).provider(),
        CmsStandIn(accepted, clock).provider(),
        YouTubeStandIn(world, page_rows, accepted).provider(),
        BitlyStandIn(world, page_rows, accepted).provider(),
        BufferStandIn(world, page_rows, accepted).provider(),
    )
    return Starlette(
        routes=[
            Mount("/_sandbox/sendgrid", routes=SendGridEvents(accepted, clock).routes()),
            Mount("/_sandbox/stripe", routes=StripeEvents(clock).routes()),
            Mount("/_sandbox/sms", routes=SmsCalls(accepted).routes()),
            Mount("/_sandbox", routes=_controls(world, dial, accepted)),
            Mount(reference_rates.PATH, routes=ReferenceRatesStandIn(world).routes()),
            *(Mount(f"/{provider.channel}", provider.behind(dial)) for provider in providers),
        ]
    )


def _controls(world: World, dial: Dial, accepted: Accepted) -> list[Route]:
    async def health(_: Request) -> Response:
        return JSONResponse({"ready": True})

    async def order(request: Request) -> Response:
        try:
            dial.order(msgspec.json.decode(await request.body(), type=Trouble))
        except msgspec.DecodeError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)
        return Response(status_code=204)

    async def left(_: Request) -> Response:
        return JSONResponse(dial.left())

    async def picture(_: Request) -> Response:
        return Response(PICTURE, media_type="image/jpeg")

    async def video(_: Request) -> Response:
        return Response(VIDEO, media_type="video/mp4")

    async def requests(_: Request) -> Response:
        return JSONResponse(dial.requests())

    async def taken(request: Request) -> Response:
        try:
            return JSONResponse(accepted.of(Channel(request.query_params.get("channel", ""))))
        except ValueError as wrong:
            return JSONResponse({"error": str(wrong)}, status_code=400)

    async def reset(_: Request) -> Response:
        dial.reset()
        accepted.reset()
        return Response(status_code=204)

    async def totals(request: Request) -> Response:
        asked = request.query_params
        try:
            known = account(Channel(asked["channel"]), asked["account"])
            since, until = date.fromisoformat(asked["since"]), date.fromisoformat(asked["until"])
        except (KeyError, ValueError) as wrong:
            return JSONResponse({"error": f"channel, account, since and until: {wrong}"}, status_code=400)
        if known is None:
            return JSONResponse({"error": "no such account"}, status_code=404)
        figures = world.total(known, since, until)
        return JSONResponse({**dataclasses.asdict(figures), "conversions": str(figures.conversions)})

    return [
        Route("/health", health),
        Route("/faults", order, methods=["POST"]),
        Route("/faults", reset, methods=["DELETE"]),
        Route("/faults", left, methods=["GET"]),
        Route("/picture.jpg", picture),
        Route("/video.mp4", video),
        Route("/requests", requests),
        Route("/accepted", taken),
        Route("/totals", totals),
    ]
