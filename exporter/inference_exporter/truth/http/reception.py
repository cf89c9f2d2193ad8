"""A body of labels in, a promise of an answer out: what stands behind `POST /api/v1/labels`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future

from inference_exporter.truth.http.inbox import Inbox, Submission
from inference_exporter.truth.http.submission import SHOWN, Refused, parse

Answer = tuple[int, Mapping[str, object]]  # HTTP status, what the client is told


def receive(inbox: Inbox, body: bytes) -> Future[Answer]:
    """Queue the labels of a body; the answer comes with the commit, or at once if it is no."""
    answer: Future[Answer] = Future()
    try:
        parsed = parse(body, inbox.models)
    except Refused as refused:
        inbox.refuse(Counter(reason for _, reason, _ in refused.problems))
        answer.set_result((400, _refusal(refused)))
        return answer
    if not parsed.records:
        answer.set_result((202, {"accepted": 0, "persistent": True}))
        return answer
    submission = Submission(parsed.batches, parsed.records)

    def counted(done: Future[bool]) -> None:
        answer.set_result((202, {"accepted": parsed.records, "persistent": done.result()}))

    submission.done.add_done_callback(counted)
    if not inbox.offer(submission):
        busy: Future[Answer] = Future()
        busy.set_result((503, {"error": "too many labels wait to be counted, try again later"}))
        return busy
    return answer


def _refusal(refused: Refused) -> dict[str, object]:
    problems = [
        {"record": number, "reason": reason, "error": text}
        if number >= 0
        else {"reason": reason, "error": text}
        for number, reason, text in refused.problems[:SHOWN]
    ]
    return {"accepted": 0, "refused": len(refused.problems), "problems": problems}
