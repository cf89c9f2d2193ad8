"""Every error this program raises on purpose.

InferenceExporterError
├── ConfigError       the configuration is wrong; carries every problem found, exit code 2
├── ProfileError      a reference profile is missing, damaged, too new or for another model, exit 2
├── UsageError        the command line asks for something that cannot be, exit code 2
├── AnswerError       a running exporter does not answer, or not as this version does, exit code 1
└── StateError        the state belongs to another running exporter or a newer version, exit code 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class InferenceExporterError(Exception):
    """Base of all expected errors; `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 1

    @property
    def next_step(self) -> str:
        """What to do, where the message does not say it."""
        return ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where it is and what was expected there.

    `key` is a dotted path such as `models.credit.fields.latency.unit`; empty for the whole file.
    """

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.message}"


class ConfigError(InferenceExporterError):
    """The configuration cannot be used; `problems` holds all of them, never only the first."""

    exit_code = 2

    def __init__(
        self, problems: list[Problem], look: str = "inference-exporter check --config.file={file}"
    ) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems, self._look = problems, look

    @property
    def next_step(self) -> str:
        """How to look again with `look`; how to get a file where there is none."""
        file = self.problems[0].file if self.problems else "config.yaml"
        if [one.message for one in self.problems] == ["no such file"]:
            return (
                f"name another with --config.file, or: inference-exporter init LOG --output={file}"
            )
        return f"mend it, then: {self._look.format(file=file)}"


class ProfileError(InferenceExporterError):
    """A reference profile cannot be read, built or used for this model."""

    exit_code = 2


class UsageError(InferenceExporterError):
    """The arguments are understood but cannot be carried out."""

    exit_code = 2


class StateError(InferenceExporterError):
    """The state folder cannot be used safely."""


class AnswerError(InferenceExporterError):
    """A running exporter cannot be asked."""
