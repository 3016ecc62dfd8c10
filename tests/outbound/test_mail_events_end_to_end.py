"""From SendGrid's call to the mail that does not go: a real collector, its disk, Postgres, the job and the gate."""

from pathlib import Path

import dagster as dg
from sqlalchemy import text

from collector.hooks import Provider, check_secret
from connectors.face import Channel
from marketing_pipelines.defs.outbound.mail_events import interpret_mail_events_job, mail_events_told
from store import records
from store.clock import now
from store.records import hooks
from store.settings import Role, Settings
from tests.collector.conftest import environment, running_collector
from tests.conftest import wait_until
from tests.connectors.conftest import sandbox
from tests.connectors.running_sandbox import Sandbox
from tests.outbound.office import Office, house_resource, over_sendgrid

__all__ = ["sandbox"]

READER = "reader@example.com"


def test_a_bounce_that_sendgrid_tells_of_ends_the_mail_to_its_reader(
    office: Office, settings: Settings, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.now = now()
    office.settings = over_sendgrid(office.settings, sandbox.address)
    first = office.approved(to=[READER])
    office.send()
    following = office.approved(to=[READER, "other@example.com"])

    told = sandbox.http.get(
        f"{sandbox.address}/_sandbox/sendgrid/events", params={"event": ["delivered", "bounce"]}
    ).json()
    keep_key(office, told["public_key"])
    with running_collector(environment(settings, tmp_path)) as collector:

        def answered(body: str) -> int:
            return collector.http.post(
                "/hooks/sendgrid", content=body.encode(), headers=told["headers"]
            ).status_code

        wait_until("the verification key", lambda: answered(told["body"]) == 200, 30)
        assert answered(told["body"].replace("reader@", "victim@")) == 401
        wait_until("the call in Postgres", lambda: waiting(office) > 0, 30)

    resources = {"house": house_resource(office.settings)}
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, resources=resources)
        [asked] = mail_events_told.evaluate_tick(context).run_requests or []
        assert asked.run_key
        done = interpret_mail_events_job.execute_in_process(instance=instance, resources=resources)
        assert done.success
        [kept] = instance.fetch_materializations(dg.AssetKey("mail_events"), limit=1).records
        assert kept.asset_materialization is not None
        shown = {name: value.value for name, value in kept.asset_materialization.metadata.items()}
        assert (shown["delivered"], shown["bounce"], shown["suppressed"]) == (1, 1, 1)
        assert mail_events_told.evaluate_tick(context).skip_message

    office.send()
    assert office.delivered(first) == {"sent": 1}
    assert office.delivered(following) == {"suppressed": 1, "sent": 1}
    got = [
        kept["mail"]["personalizations"][0]["to"][0]["email"] for kept in sandbox.accepted(Channel.SENDGRID)
    ]
    assert sorted(got) == ["other@example.com", READER]


def keep_key(office: Office, public_key: str) -> None:
    check_secret(Provider.SENDGRID, public_key)
    with records.session(office.settings, Role.OWNER) as session:
        hooks.keep_secret(
            session, office.by(office.author), office.tenant, provider=Provider.SENDGRID, secret=public_key,
            label="test", sealing_key=office.settings.derived(hooks.SEALED_FOR),
        )  # fmt: skip


def waiting(office: Office) -> int:
    with records.session(office.settings, Role.PIPELINES) as session:
        query = text(
            "select count(*) from hook_calls where tenant_id = :t and interpreted_at is null and provider = 'sendgrid'"
        )
        return session.scalar(query, {"t": office.tenant}) or 0
