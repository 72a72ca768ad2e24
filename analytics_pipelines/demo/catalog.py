"""What the demo shop sells. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """`price` in US dollars."""

    key: str
    name: str
    category: str
    price: float

    @property
    def path(self) -> str:
        return f"/products/{self.key}"


PRODUCTS = [
    Product("ridge-tent-2", "Ridge tent for two", "tents", 289.0),
    Product("ridge-tent-4", "Ridge tent for four", "tents", 429.0),
    Product("storm-tarp", "Storm tarp", "tents", 89.0),
    Product("ground-sheet", "Ground sheet", "tents", 34.5),
    Product("day-pack-22", "Day pack 22 l", "packs", 79.0),
    Product("trek-pack-48", "Trek pack 48 l", "packs", 169.0),
    Product("rain-cover", "Rain cover", "packs", 24.0),
    Product("dry-bag-set", "Dry bags, set of three", "packs", 32.0),
    Product("wool-base-layer", "Wool base layer", "layers", 64.0),
    Product("wind-shell", "Wind shell", "layers", 119.0),
    Product("down-jacket", "Down jacket", "layers", 219.0),
    Product("trail-socks", "Trail socks, two pairs", "layers", 22.0),
    Product("copper-kettle", "Copper kettle", "kitchen", 48.0),
    Product("gas-stove", "Gas stove", "kitchen", 59.0),
    Product("camp-mug", "Camp mug", "kitchen", 14.0),
    Product("cook-set", "Cook set", "kitchen", 74.0),
]

CATEGORIES = ["tents", "packs", "layers", "kitchen"]

ARTICLES = ["packing-list", "first-night-outside", "how-to-wash-wool", "stove-safety"]

CLUB_FEE = 9.0  # US dollars a month
