"""How many rows an id has, by what is constant within it: a small regression tree of histograms.

Each leaf is a group of ids that are alike in their constant columns (CART, Breiman et al. 1984,
with the number of rows as response); what is kept of it is the distribution of that number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import codes, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_LEAVES = 16
LEAST_IDS = 20  # in a leaf: fewer tell no distribution
MOST_SHARE = 50  # a leaf holds at least one id in so many
BELOW = -1e30  # what the tree compares where a number is missing; float32 holds it
MOST_SIZES = 1_000_000  # rows of an id, as a model file may say


@dataclass(frozen=True)
class Feature:
    """A constant column as the tree sees it: a number, or a category's place in `levels`.

    `levels` are ordered by their ids' mean number of rows, so that one cut parts them best
    (Fisher 1958); other levels and nulls lie below all.
    """

    name: str
    numeric: bool
    levels: tuple[Scalar, ...] = ()

    @classmethod
    def of(cls, table: Table, column: Column, sizes: NDArray[np.int64], least: int) -> Self:
        if column.role in ("numeric", "datetime"):
            return cls(column.name, True)
        found, levels = codes(table, column.name)
        present = found >= 0
        counts = np.bincount(found[present], minlength=len(levels))
        totals = np.bincount(found[present], weights=sizes[present], minlength=len(levels))
        order = np.argsort(totals / np.maximum(counts, 1), kind="stable")
        return cls(column.name, False, tuple(levels[i] for i in order if counts[i] >= least))

    def values(self, table: Table) -> NDArray[np.float64]:
        """(rows,) what the tree compares; nulls lie below everything."""
        if self.numeric:
            return np.nan_to_num(numbers(table, self.name), nan=BELOW)
        found, levels = codes(table, self.name)
        place = {level: number for number, level in enumerate(self.levels)}
        return np.array([*(place.get(level, -1) for level in levels), -1], dtype=float)[found]


@dataclass(frozen=True)
class Split:
    """Rows with the feature at most `threshold` go to node `left`, the others to `right`."""

    feature: int
    threshold: float
    left: int
    right: int


@dataclass(frozen=True)
class Leaf:
    """Numbers of rows and how many ids have as many."""

    sizes: tuple[int, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class GroupSizes:
    """The distribution of the number of rows, given the constant columns of an id."""

    features: tuple[Feature, ...]
    nodes: tuple[Split | Leaf, ...]

    @classmethod
    def fit(cls, heads: Table, sizes: NDArray[np.int64], least: int) -> Self:
        """From one row of each id, which holds its constant columns, and its number of rows.

        A number that fewer than `least` ids have is not kept: such ids are pooled, and count with
        their mean.
        """
        columns = [column for column in heads.schema if column.modelled]
        features = tuple(Feature.of(heads, column, sizes, least) for column in columns)
        if not features or len(sizes) < 2 * LEAST_IDS:
            return cls(features, (_leaf(sizes, least),))
        from sklearn.tree import DecisionTreeRegressor

        matrix = np.stack([feature.values(heads) for feature in features], axis=1)
        tree = DecisionTreeRegressor(
            max_leaf_nodes=MOST_LEAVES,
            min_samples_leaf=max(LEAST_IDS, len(sizes) // MOST_SHARE),
            random_state=0,
        ).fit(matrix, sizes)
        reached = tree.apply(matrix)
        grown = tree.tree_
        nodes = tuple(
            _leaf(sizes[reached == place], least)
            if left < 0
            else Split(int(feature), float(threshold), int(left), int(right))
            for place, (feature, threshold, left, right) in enumerate(
                zip(
                    grown.feature,
                    grown.threshold,
                    grown.children_left,
                    grown.children_right,
                    strict=True,
                )
            )
        )
        return cls(features, nodes)

    def draw(self, table: Table, rng: np.random.Generator) -> NDArray[np.int64]:
        """(rows,) a number of rows for the id of each row, if it were the first of its id."""
        matrix = [feature.values(table).astype(np.float32) for feature in self.features]
        uniforms, drawn = rng.random(len(table)), np.ones(len(table), dtype=np.int64)
        at = [(0, np.arange(len(table)))]
        while at:
            place, rows = at.pop()
            node = self.nodes[place]
            if isinstance(node, Split):
                below = matrix[node.feature][rows] <= node.threshold
                at += [(node.left, rows[below]), (node.right, rows[~below])]
                continue
            shares = np.cumsum(node.ids) / sum(node.ids)
            picked = np.searchsorted(shares, uniforms[rows], side="right")
            drawn[rows] = np.array(node.sizes)[np.minimum(picked, len(shares) - 1)]
        return drawn

    def to_json(self) -> Json:
        return {
            "features": [
                {"name": f.name, "numeric": f.numeric, "levels": list(f.levels)}
                for f in self.features
            ],
            "nodes": [
                [node.feature, node.threshold, node.left, node.right]
                if isinstance(node, Split)
                else [list(node.sizes), list(node.ids)]
                for node in self.nodes
            ],
        }

    @classmethod
    def from_json(cls, document: Any, known: dict[str, Column]) -> Self:
        """Undo `to_json`. Raises `KeyError`, `TypeError` or `ValueError` on anything else."""
        features = []
        for entry in document["features"]:
            numeric = known[entry["name"]].role in ("numeric", "datetime")
            if entry["numeric"] is not numeric:
                raise ValueError("a feature is of another type than its column")
            levels = tuple(entry["levels"])
            if any(isinstance(level, (list, dict)) for level in levels):
                raise TypeError("levels are no values")
            features.append(Feature(entry["name"], numeric, levels))
        nodes = [_node(entry, place) for place, entry in enumerate(document["nodes"])]
        for node in nodes:
            if isinstance(node, Split):
                if not 0 <= node.feature < len(features):
                    raise ValueError("a split is on no feature")
                if max(node.left, node.right) >= len(nodes):
                    raise ValueError("a split leads nowhere")
        if not nodes:
            raise ValueError("a tree has no node")
        return cls(tuple(features), tuple(nodes))


def _node(entry: Any, place: int) -> Split | Leaf:
    if len(entry) == 4:
        feature, threshold, left, right = entry
        split = Split(int(feature), float(threshold), int(left), int(right))
        if min(split.left, split.right) <= place:  # children stand behind: no circles
            raise ValueError("a tree goes round in a circle")
        return split
    sizes, ids = entry
    leaf = Leaf(tuple(int(size) for size in sizes), tuple(int(count) for count in ids))
    if not leaf.sizes or len(leaf.sizes) != len(leaf.ids):
        raise ValueError("a leaf has no numbers of rows")
    if not all(0 < number <= MOST_SIZES for number in (*leaf.sizes, *leaf.ids)):
        raise ValueError("a number of rows is out of range")
    return leaf


def _leaf(sizes: NDArray[np.int64], least: int) -> Leaf:
    """The numbers of rows; those that fewer than `least` ids have in pools of `least` ids."""
    found, counts = np.unique(sizes, return_counts=True)
    common = counts >= least
    kept = dict(zip(found[common].tolist(), counts[common].tolist(), strict=True))
    rare = np.repeat(found[~common], counts[~common])
    pools = np.array_split(rare, max(1, len(rare) // least)) if len(rare) else []
    for pool in pools:
        mean = round(float(pool.mean()))
        kept[mean] = kept.get(mean, 0) + len(pool)
    ordered = sorted(kept.items())
    return Leaf(tuple(size for size, _ in ordered), tuple(count for _, count in ordered))
