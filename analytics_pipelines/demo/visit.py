"""One visit to the demo shop: from the landing page as far as the visitor goes. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Any

from analytics_pipelines.demo.catalog import ARTICLES, CATEGORIES, PRODUCTS, Product
from analytics_pipelines.demo.customer import Customer
from analytics_pipelines.demo.device import DeviceType
from analytics_pipelines.demo.source import Source
from analytics_pipelines.demo.tab import Tab

# How likely a visitor goes on from each step, by what they hold.
_STEPS: dict[DeviceType, dict[str, float]] = {
    "Desktop": {"stay": 0.7, "view": 0.78, "cart": 0.33, "checkout": 0.6, "pay": 0.72},
    "Tablet": {"stay": 0.62, "view": 0.75, "cart": 0.27, "checkout": 0.52, "pay": 0.64},
    "Mobile": {"stay": 0.55, "view": 0.72, "cart": 0.23, "checkout": 0.46, "pay": 0.54},
}

_KNOWN_STAYS = 1.2
_KNOWN_PAYS = 1.15  # who has an account fills in less
_SIGN_UP_AT_CHECKOUT = 0.6
_SIGN_UP_WHILE_BROWSING = 0.035
_LOG_IN = 0.75

# How many payments went through while the checkout was broken: phones could hardly pay.
_OUTAGE: dict[DeviceType, float] = {"Desktop": 0.25, "Tablet": 0.1, "Mobile": 0.04}


@dataclass
class Visit:
    """`order` and `failed` say afterwards what the shop's server has to do."""

    customer: Customer
    tab: Tab
    random: Random
    outage: bool
    order: dict[str, Any] | None = None
    failed: bool = False

    def run(self, source: Source) -> None:
        """Live through it, from the landing page to the last one."""
        landing = self._landing()
        self.tab.browser.open_session(self.tab.at, landing, source, self.random)
        self.tab.open(landing + source.query)
        if self._happens(self._odds("stay") * (_KNOWN_STAYS if self.customer.user_id else 1)):
            self._log_in()
            self._shop()
        self.tab.wait(4, 90)
        if self._happens(0.9):  # the rest close the browser too fast for it
            self.tab.close()

    def crawl(self, source: Source) -> None:
        """What a bot does: pages in quick succession, and nothing else."""
        paths = [product.path for product in self.random.sample(PRODUCTS, self.random.randint(2, 6))]
        self.tab.browser.open_session(self.tab.at, paths[0], source, self.random)
        for path in paths:
            self.tab.open(path)
            self.tab.wait(0.4, 2)

    def _shop(self) -> None:
        if self._happens(0.7):
            self.tab.wait(5, 50)
            category = self.random.choice(CATEGORIES)
            if self._happens(0.3):
                self.tab.click("a", "nav-link", category.capitalize(), f"/{category}")
            self.tab.open(f"/{category}")
        cart = self._fill_cart() if self._happens(self._odds("view")) else []
        if self.customer.user_id is None and self._happens(_SIGN_UP_WHILE_BROWSING):
            self._sign_up("/account/new")
        if cart and self._happens(self._odds("checkout")):
            self._check_out(cart)

    def _fill_cart(self) -> list[Product]:
        cart = []
        for product in self.random.sample(PRODUCTS, self.random.choices([1, 2, 3, 4], [50, 27, 15, 8])[0]):
            self.tab.wait(8, 80)
            self.tab.open(product.path)
            self.tab.send("product viewed", _about(product))
            if self._happens(self._odds("cart")):
                self.tab.wait(10, 120)
                if self._happens(0.5):
                    self.tab.click("button", "add-to-cart", "Add to cart")
                self.tab.send("added to cart", {**_about(product), "quantity": 1})
                cart.append(product)
        return cart

    def _check_out(self, cart: list[Product]) -> None:
        total = round(sum(product.price for product in cart), 2)
        self.tab.wait(10, 90)
        self.tab.open("/checkout")
        self.tab.send("checkout started", {"value": total, "currency": "USD", "item_count": len(cart)})
        if self.customer.user_id is None and self._happens(_SIGN_UP_AT_CHECKOUT):
            self._sign_up("/checkout/account")
            self.tab.wait(5, 20)
            self.tab.open("/checkout")
        self.tab.wait(30, 240)
        if not self._happens(self._odds("pay") * (_KNOWN_PAYS if self.customer.user_id else 1)):
            return
        works = self._happens(_OUTAGE[self.tab.browser.device.type]) or not self.outage
        if works:
            self._pay(cart, total)
        else:
            self.failed = True

    def _pay(self, cart: list[Product], total: float) -> None:
        self.tab.open("/checkout/thank-you")
        self.order = {
            "order_id": f"L{self.customer.number:05d}-{self.tab.at:%m%d%H%M}",
            "revenue": total,
            "currency": "USD",
            "items": [{**_about(product), "quantity": 1} for product in cart],
            "item_count": len(cart),
            "plan": self.customer.plan(self.tab.at),
        }
        self.tab.send("purchase", self.order)

    def _sign_up(self, address: str) -> None:
        self.tab.wait(8, 40)
        self.tab.open(address)
        self.tab.wait(20, 90)
        customer = self.customer
        customer.user_id = customer.email
        plan = customer.plan(self.tab.at)
        traits = {"email": customer.email, "plan": plan, "country": customer.country.code}
        self.tab.identify(customer.user_id, {**traits, "signed_up_on": f"{self.tab.at:%Y-%m-%d}"})
        self.tab.send("sign up", {"plan": plan, "method": self.random.choice(["email", "email", "passkey"])})
        company = customer.company
        if company:
            self.tab.browser.company = company.key
            about = {"name": company.name, "industry": company.industry, "employees": company.employees}
            group = {"$group_type": "company", "$group_key": company.key, "$group_set": about}
            self.tab.send("$groupidentify", group)

    def _log_in(self) -> None:
        """Known customers are asked for who they are in a browser that has not seen them yet."""
        customer, browser = self.customer, self.tab.browser
        if customer.user_id is None or browser.user_id is not None or not self._happens(_LOG_IN):
            return
        self.tab.wait(5, 30)
        self.tab.open("/account/login")
        self.tab.wait(5, 30)
        self.tab.identify(customer.user_id, {"email": customer.email})
        browser.company = customer.company.key if customer.company else None
        self.tab.send("logged in", {"plan": customer.plan(self.tab.at)})

    def _landing(self) -> str:
        kind = self.random.choices(["home", "category", "product", "article"], [50, 20, 20, 10])[0]
        if kind == "category":
            return f"/{self.random.choice(CATEGORIES)}"
        if kind == "product":
            return self.random.choice(PRODUCTS).path
        return f"/journal/{self.random.choice(ARTICLES)}" if kind == "article" else "/"

    def _odds(self, step: str) -> float:
        return _STEPS[self.tab.browser.device.type][step]

    def _happens(self, probability: float) -> bool:
        return self.random.random() < probability


def _about(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.key,
        "product": product.name,
        "category": product.category,
        "price": product.price,
    }
