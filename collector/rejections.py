"""What was refused is kept too, so that a broken integration can be seen and mended."""

import logging
from collections import defaultdict

from collector.admission import Circumstances
from collector.consent import Objection
from collector.edge_log import REJECTS, EdgeLog, LoggedRejection, line
from collector.metrics import Metrics
from collector.refusals import Reason, Refused
from collector.requests import Request
from store.clock import now_ms

KEPT_OF_PAYLOAD = 1024
# A flood of refusals must not fill the log: so many a second are kept one by one, the others are counted.
ONE_BY_ONE = 50

logger = logging.getLogger(__name__)


class Rejections:
    """Every refusal is counted; the first of each second are kept with their payload."""

    def __init__(self, log: EdgeLog, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics
        self._kept_this_second = 0
        self._uncounted: defaultdict[tuple[int, Reason, str], int] = defaultdict(int)

    def keep(
        self, refused: Refused, payload: bytes, around: Circumstances, request: Request, door: str
    ) -> None:
        self._metrics.count("rejected", label=f'reason="{refused.reason}"')
        if self._kept_this_second >= ONE_BY_ONE or refused.reason is Reason.OVER_QUOTA:
            self._uncounted[refused.tenant_id, refused.reason, door] += 1
            return
        self._kept_this_second += 1
        entry = LoggedRejection(
            tenant_id=refused.tenant_id,
            received_at=around.received_ms,
            reason=refused.reason,
            detail=refused.detail,
            door=door,
            request_id=request.id,
            payload=_kept(payload, around),
        )
        self._log.append_unattended([line(REJECTS, entry)])
        logger.info(
            "refused: %s",
            refused.reason,
            extra={"request_id": request.id, "door": door, "detail": refused.detail},
        )

    def write_down_the_rest(self) -> None:
        """Once a second: what was only counted, one record a tenant, reason and door."""
        self._kept_this_second = 0
        counted, self._uncounted = self._uncounted, defaultdict(int)
        moment = now_ms()
        self._log.append_unattended(
            [
                line(
                    REJECTS,
                    LoggedRejection(
                        tenant_id=tenant_id,
                        received_at=moment,
                        reason=reason,
                        detail="More of the same within one second.",
                        door=door,
                        events=events,
                    ),
                )
                for (tenant_id, reason, door), events in counted.items()
            ]
        )


def _kept(payload: bytes, around: Circumstances) -> str:
    """The head of what was refused, unless the visitor objects: it may hold an id that cannot be parsed out."""
    if around.objects is not Objection.NONE or b"denied" in payload or b"false" in payload:
        return ""
    return payload[:KEPT_OF_PAYLOAD].decode("utf-8", "replace")
