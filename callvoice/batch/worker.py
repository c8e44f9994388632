"""What runs in a worker's process: one call after the other with one loaded speech model."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from callvoice.batch.discover import filesystem, name_of
from callvoice.batch.items import Item, is_remote, local_path
from callvoice.batch.job import EVERY_CALL, Analysed, Analyst, Heard, Job, Refused
from callvoice.batch.key import Recipe, digest
from callvoice.batch.stored import readable, stored
from callvoice.errors import CallvoiceError, UnreadableInput
from callvoice.ingest.recognise import Progress, Recognised, Recogniser, RecogniserOptions
from callvoice.ingest.source import Opened, Source, open_source
from callvoice.judging import facts_of, judge_again
from callvoice.pipeline import AnalysisOptions, Hearing, analyze_opened, default_language
from callvoice.pipeline.lines import listen
from callvoice.store.artefacts import Artefacts
from callvoice.store.redact import Redactor, redact, redacted_words
from callvoice.types import Audio, Interval, Provenance

if TYPE_CHECKING:
    from callvoice.ingest.models import InstalledModel

_Result = TypeVar("_Result")


@dataclass
class Remembering:
    """A recogniser that keeps what it heard with a call and looks there first.

    Words are kept under all that they depend on: the model, and which stretches of which recording
    it heard. They are masked before they are kept, and the first analysis is made from the masked
    words as well: a call measured again gives the same.
    """

    recogniser: Hearing
    options: RecogniserOptions
    recipe: Recipe
    artefacts: Artefacts
    call_id: str
    redact: Redactor = redact
    elapsed_s: float = field(default=0.0, init=False)

    @property
    def model(self) -> InstalledModel:
        """Which speech model it is."""
        return self.recogniser.model

    def recognise(
        self,
        audio: Audio,
        speech: Sequence[Sequence[Interval]],
        *,
        language: str | None,
        progress: Progress | None = None,
    ) -> Recognised:
        """As ``Recogniser.recognise``."""
        name = f"words-{self._digest(speech, language)}.json.gz"
        kept = readable(self.artefacts, self.call_id, name, Recognised)
        if kept is not None:
            return kept
        start = time.monotonic()
        heard = self.recogniser.recognise(audio, speech, language=language, progress=progress)
        self.elapsed_s = time.monotonic() - start
        masked = _masked(heard, self.redact)
        if masked is None:
            return heard
        self.artefacts.put(self.call_id, name, msgspec.json.encode(masked))
        return masked

    def _digest(self, speech: Sequence[Sequence[Interval]], language: str | None) -> str:
        model = (Path(self.recipe.model).name, self.recipe.revision, repr(self.options))
        hook = f"{self.redact.__module__}.{self.redact.__qualname__}"
        return digest(model, hook, language, speech)


def _masked(heard: Recognised, hook: Redactor) -> Recognised | None:
    """What may be kept of it; None where the hook leaves no words in their places."""
    lines = [redacted_words(line, hook) for line in heard.words]
    dropped = tuple(msgspec.structs.replace(d, text=hook(d.text)) for d in heard.dropped)
    kept = tuple(line for line in lines if line is not None)
    return replace(heard, words=kept, dropped=dropped) if len(kept) == len(lines) else None


class Analysing:
    """Calls to results, one at a time; the speech model is loaded by the first that needs it."""

    def __init__(self, made_by: Analyst) -> None:
        self.recipe, self._scratch = made_by.recipe, made_by.scratch
        self._artefacts, self._redact = Artefacts(made_by.artefacts), made_by.redact
        options = RecogniserOptions(device=made_by.device, compute_type=made_by.compute_type)
        self._recogniser = Recogniser(self.recipe.model, options=options)

    def __call__(self, job: Job) -> Analysed | Refused:
        """A result or a reason, never an exception."""
        return _outcome(
            job.item, lambda: self._judged_again(job.judge_only) or self._analysed(job.item)
        )

    def hear(self, job: Job) -> Heard | Refused:
        """Recognition alone: its words are kept for whoever analyses the call. Never raises."""
        return _outcome(job.item, lambda: self._heard(job))

    def _judged_again(self, call_id: str | None) -> Analysed | None:
        """From stored facts, without sound; None where they are not there."""
        start = time.monotonic()
        before = stored(self._artefacts, call_id) if call_id else None
        if before is None or not self._made(before.provenance):
            return None
        language = self.recipe.report_language or default_language(before.call)
        report = judge_again(before, self.recipe.settings, language=language)
        both = zip(before.mistakes, report.mistakes, strict=True)
        n_changed = sum(old.status != new.status for old, new in both)
        elapsed_s = time.monotonic() - start
        return Analysed(report, facts_of(before), elapsed_s, n_changed=n_changed)

    def _made(self, by: Provenance) -> bool:
        """Whether facts are by this recipe: a kill may leave a report without its row."""
        made = self.recipe.made
        heard_alike = by.recogniser_revision in (None, made.revision)
        return by.callvoice == made.callvoice and heard_alike

    def _analysed(self, item: Item) -> Analysed:
        start = time.monotonic()
        with self._at_hand(item) as (source, transcript):
            opened = open_source(source)
            recogniser = self._remembering(opened)
            options = AnalysisOptions(
                agent=item.agent_channel,
                language=item.language,
                transcript=transcript,
                report_language=self.recipe.report_language,
                settings=self.recipe.settings,
            )
            done = analyze_opened(source.name, opened, recogniser, options=options)
        elapsed_s = time.monotonic() - start
        return Analysed(done.report, done.facts, elapsed_s, recogniser.elapsed_s)

    def _heard(self, job: Job) -> Heard:
        start = time.monotonic()
        if self._judged_again(job.judge_only):
            return Heard(0.0, 0.0)
        with self._at_hand(job.item) as (source, _):
            opened = open_source(source)
            recogniser = self._remembering(opened)
            speech = listen(opened.audio, source.name).on_channel
            recogniser.recognise(opened.audio, speech, language=job.item.language)
        return Heard(time.monotonic() - start, recogniser.elapsed_s)

    @contextmanager
    def _at_hand(self, item: Item) -> Iterator[tuple[Source, Path | None]]:
        """A call's recording and transcript as files of this machine, for so long."""
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            here = {location: fetched(location, Path(folder)) for location in item.locations}
            source = Source(here[item.location], here[item.caller] if item.caller else None)
            yield source, here[item.transcript] if item.transcript else None

    def _remembering(self, opened: Opened) -> Remembering:
        return Remembering(
            self._recogniser,
            self._recogniser.options,
            self.recipe,
            self._artefacts,
            opened.sha256[:16],
            self._redact,
        )


def _outcome(item: Item, work: Callable[[], _Result]) -> _Result | Refused:
    """What came of the work at a call, or why nothing did; never an exception."""
    try:
        return work()
    except CallvoiceError as error:
        return Refused(error.slug, str(error), error.slug in EVERY_CALL)
    except MemoryError:
        return Refused("memory-limit", f"{name_of(item)} needs more memory than there is.")
    except Exception as error:  # a defect, or a library's; the other calls go on
        return Refused("internal-error", f"{type(error).__name__}: {error}")


def fetched(location: str, folder: Path) -> Path:
    """A file of this machine with the content of ``location``, in ``folder`` if it was remote.

    Raises:
        UnreadableInput: it could not be fetched.
    """
    if not is_remote(location):
        return local_path(location)
    fs, path = filesystem(location)
    apart = folder / hashlib.sha256(location.encode()).hexdigest()[:8]  # two legs may share a name
    apart.mkdir()
    target = apart / Path(path).name
    try:
        fs.get_file(path, str(target))
    except Exception as error:  # every protocol raises its own classes
        raise UnreadableInput(
            f"{location} cannot be fetched: {type(error).__name__}: {error}"
        ) from error
    return target
