"""Many clips at once: jobs as they end, and a clip for each of many prompts."""

from soravid.batches.batch import Batch
from soravid.batches.completed import AsCompleted, as_completed
from soravid.batches.item import Item
from soravid.batches.mapping import amap, fronts, map

__all__ = ["AsCompleted", "Batch", "Item", "amap", "as_completed", "fronts", "map"]
