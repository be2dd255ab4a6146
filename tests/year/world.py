"""The acts of a simulated year: who joins, what is sent, changed and corrected. Made from a seed, told to server and oracle alike."""
import datetime
from fractions import Fraction

PLANS = ("free", "basic", "premium", "enterprise")
LIMITS = {"free": (1, 2, 20, 5, 1), "basic": (5, 10, 60, 15, 10), "premium": (20, 50, 150, 40, 50), "enterprise": (100, 200, 400, 100, 200)}
RATES = ("10", "5", "0.001", "0.01", "2")
METERS = ("stores_count", "devices_count", "api_calls", "webhook_calls", "storage_gb")
NAMES = ("max_stores", "max_devices", "max_api_calls_per_month", "max_webhooks_per_month", "max_storage_gb")
GIB = 1024 ** 3


def first_catalogue():
    return {name: {"limits": dict(zip(METERS, LIMITS[name])), "rates": {**{m: Fraction(r) for m, r in zip(METERS, RATES)},
                   "tokens": Fraction("0.000125")}, "own_limit": 1000 * (at + 1)} for at, name in enumerate(PLANS)}


def changed_catalogue(dice, plans):
    """One plan's limits and rates are changed; the others stay."""
    name = dice.choice(PLANS)
    plan = {"limits": dict(plans[name]["limits"]), "rates": dict(plans[name]["rates"]), "own_limit": dice.choice((500, 2500, 10000))}
    meter = dice.choice(METERS)
    plan["limits"][meter] = dice.choice((plan["limits"][meter] * 2, plan["limits"][meter] // 2 + 1))
    meter = dice.choice((*METERS, "tokens"))
    rate = plan["rates"][meter] * dice.choice((Fraction(3, 2), Fraction(1, 2), Fraction(3)))
    plan["rates"][meter] = Fraction(round(rate * 10 ** 6), 10 ** 6)      # a catalogue's have at most six decimals
    return {**plans, name: plan}


def decimal_text(value):
    millionths = value * 10 ** 6
    assert millionths.denominator == 1
    return f"{int(millionths) // 10 ** 6}.{int(millionths) % 10 ** 6:06d}"


def catalogue_text(plans):
    text = ""
    for name, plan in plans.items():
        text += f'[[plan]]\nname = "{name}"\n[plan.limits]\n'
        text += "".join(f"{limit} = {plan['limits'][meter]}\n" for limit, meter in zip(NAMES, METERS))
        text += "[plan.rates]\n" + "".join(f'{meter} = "{decimal_text(plan["rates"][meter])}"\n' for meter in METERS)
        text += f'[plan.meters.tokens]\nlimit = {plan["own_limit"]}\nrate = "{decimal_text(plan["rates"]["tokens"])}"\n'
    return text


def own_limits(dice):
    """A tenant's own limits: raised, lowered, unlimited, or none."""
    own = {}
    for name in dice.sample(NAMES, dice.randint(0, 2)):
        own[name] = dice.choice((0, 1, 7, 50, 1000, None))
    if dice.random() < 0.3:
        own["meters"] = {"tokens": dice.choice((0, 100, 5000, None))}
    return own


def event_time(dice, now, calendar):
    """Mostly of the last days; now and then of the month before, open or closed."""
    kind = dice.random()
    back = dice.uniform(0, 2) if kind < 0.7 else dice.uniform(0, 12) if kind < 0.9 else dice.uniform(12, 50)
    at = now - datetime.timedelta(days=back)
    if kind > 0.97:                                  # the last and the first millisecond of a period
        start = calendar.start(calendar.period_of(now))
        at = start - datetime.timedelta(milliseconds=dice.choice((0, 1)))
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def event(dice, number, now, calendar):
    kind = dice.choices(("api.call", "webhook.call", "storage.usage", "store.count", "device.count", "prompt"),
                        weights=(50, 18, 8, 6, 6, 20))[0]
    data = {"api.call": lambda: {"method": "GET", "endpoint": "GET /api/tenants/{tenant_id}/orders", "status": dice.choice((200, 200, 404, 500)),
                                 "request_bytes": dice.randint(0, 9999), "response_bytes": dice.randint(0, 99999), "duration_ms": dice.randint(0, 900)},
            "webhook.call": lambda: {"webhook_id": "wh_1", "success": dice.random() < 0.9, "duration_ms": dice.randint(1, 900)},
            "storage.usage": lambda: {"bytes": dice.choice((dice.randint(0, GIB), dice.randint(0, 60 * GIB), GIB, GIB + 1, 10 * GIB + 1))},
            "store.count": lambda: {"count": dice.choice((0, 1, 2, 5, 6, dice.randint(0, 120)))},
            "device.count": lambda: {"count": dice.choice((0, 2, 3, 10, 11, dice.randint(0, 250)))},
            "prompt": lambda: {"tokens": dice.choice(("0.000000001", "17.25", "333.333333333", str(dice.randint(1, 900))))}}[kind]()
    return {"id": f"e{number}", "source": "app", "type": kind, "data": data, "time": event_time(dice, now, calendar)}
