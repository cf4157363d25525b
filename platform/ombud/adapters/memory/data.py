"""Memory twin of the Parquet data source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ombud.adapters.dataset_rules import LABELLED_ROLES, check_dataset
from ombud.domain.modality import KNOWN_MODALITIES, Modality
from ombud.domain.sample import Dataset
from ombud.errors import NotFound

__all__ = ["MemoryDataSource"]


class MemoryDataSource:
    """Data sets held in a dictionary, checked like those read from a file.

    Args:
        datasets: Role → data set. The mapping is read at every call, so newly labelled data can
            be added to it while the source is in use.
        labels: Class names allowed; empty allows any.
        modalities: Declared modalities; others are left out of what is loaded.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> from ombud.domain.sample import Sample
        >>> rows = Dataset("train", (Sample("a", {TEXT: "two cups"}, label="2"),))
        >>> source = MemoryDataSource({"train": rows}, labels=["1", "2"])
        >>> list(source.roles()), len(source.load("train"))
        (['train'], 1)
    """

    def __init__(
        self,
        datasets: Mapping[str, Dataset],
        *,
        labels: Sequence[str] = (),
        modalities: Sequence[Modality] = KNOWN_MODALITIES,
    ) -> None:
        self._datasets = datasets
        self._labels = tuple(labels)
        self._modalities = tuple(modalities)

    def roles(self) -> Sequence[str]:
        """Roles held, in the order of the mapping."""
        return tuple(role for role, dataset in self._datasets.items() if len(dataset))

    def load(self, role: str) -> Dataset:
        """The data set of one role, under that name.

        Raises:
            NotFound: Nothing is held under ``role``.
            BadInput: A row breaks a promise of :mod:`ombud.adapters.dataset_rules`.
        """
        if role not in self.roles():
            raise NotFound(
                f"split {role!r} is not in memory: expected one of {sorted(self.roles())}",
                remedy="Ask for a split that exists.",
            )
        held = self._datasets[role]
        declared = Dataset(
            name=role,
            samples=tuple(s.only(*self._modalities) for s in held),
            synthetic=held.synthetic,
            provenance=held.provenance,
            licence=held.licence,
        )
        return check_dataset(
            declared,
            labels=self._labels,
            modalities=self._modalities,
            needs_labels=role in LABELLED_ROLES,
        )
