"""What every bill of a simulated year must be, worked out from the rules alone.

Shares no code with the server: amounts are fractions, periods are cut with the standard library's zoneinfo. It is told each
act in the order in which it happened, and answers what a statement, a report or the list of alerts must say at an instant.
"""
import bisect
import datetime
import zoneinfo
from fractions import Fraction

GIB = 1024 ** 3
BASE_BYTES = 100 * 1024 ** 2                     # STORAGE_BASE_MB: a tenant that reports no storage of its own
METERS = ("stores_count", "devices_count", "api_calls", "webhook_calls", "storage_gb")
LIMIT_NAMES = {"stores_count": "max_stores", "devices_count": "max_devices", "api_calls": "max_api_calls_per_month",
               "webhook_calls": "max_webhooks_per_month", "storage_gb": "max_storage_gb"}
GAUGES = {"store.count": "stores_count", "device.count": "devices_count", "storage.usage": "storage_gb"}
CALLS = {"api.call": "api_calls", "webhook.call": "webhook_calls"}


def half_away(value, digits):
    """`value` as a whole number of 10^-digits, halves away from zero."""
    scaled = abs(value) * 10 ** digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return whole if value >= 0 else -whole


class Calendar:
    def __init__(self, zone, grace_hours):
        self.zone, self.grace = zoneinfo.ZoneInfo(zone), datetime.timedelta(hours=grace_hours)

    def start(self, period):
        local = datetime.datetime(period[0], period[1], 1, tzinfo=self.zone)
        at = local.astimezone(datetime.timezone.utc)
        while at.astimezone(self.zone).replace(tzinfo=None) < local.replace(tzinfo=None):
            at += datetime.timedelta(minutes=30)     # midnight is skipped there: the end of the gap
        return at

    def end(self, period):
        return self.start(following(period))

    def period_of(self, at):
        local = at.astimezone(self.zone)
        return local.year, local.month

    def is_closed(self, period, now):
        return now >= self.end(period) + self.grace


def following(period):
    return (period[0] + period[1] // 12, period[1] % 12 + 1)


def previous(period):
    return (period[0] - (period[1] == 1), (period[1] - 2) % 12 + 1)


def text_of(period):
    return f"{period[0]}-{period[1]:02d}"


class Spans:
    """A value with a history by time; before the first span, the first."""

    def __init__(self, at, value):
        self.times, self.values = [at], [value]

    def add(self, at, value):
        self.times.append(at)
        self.values.append(value)

    def at(self, instant):
        return self.values[max(0, bisect.bisect_right(self.times, instant) - 1)]


class Tenant:
    def __init__(self, at, plan, own):
        self.plan, self.own, self.created = Spans(at, plan), Spans(at, own), at
        self.events = {}                             # (source, id): [time, type, data]; the first one stands
        self.voided = {}                             # (source, id): of an open period
        self.late = []                               # (period billed in, period corrected, meter, quantity, micros)
        self.over = set()                            # periods in which a limit was passed when the watch for alerts looked
        self.maybe_over = set()                      # likewise between two acts, when it may have looked


class Oracle:
    def __init__(self, zone, grace_hours, digits, own_meter):
        self.calendar, self.digits, self.own_meter = Calendar(zone, grace_hours), digits, own_meter
        self.catalogue, self.tenants = None, {}

    # --- acts ---

    def change_catalogue(self, at, plans):
        if self.catalogue is None:
            self.catalogue = Spans(at, plans)
        else:
            self.catalogue.add(at, plans)

    def add_tenant(self, at, name, plan, own):
        self.tenants[name] = Tenant(at, plan, own)

    def send(self, now, tenant, event):
        """What becomes of one event: "counted", "duplicate" or "closed"."""
        known = self.tenants[tenant].events
        key = (event["source"], event["id"])
        if key in known:
            return "duplicate"
        if self.calendar.is_closed(self.calendar.period_of(event["time"]), now):
            return "closed"
        known[key] = event
        return "counted"

    def correct(self, now, tenant, key):
        """Voids an event; of a closed period its worth becomes a late line. "voided" or "late"."""
        record = self.tenants[tenant]
        event = record.events[key]
        period = self.calendar.period_of(event["time"])
        if not self.calendar.is_closed(period, now):
            record.voided[key] = event
            return "voided"
        meter = CALLS.get(event["type"], self.own_meter)
        terms = self.terms(tenant, period, now)
        before = self.usage(tenant, period)[meter] + sum(line[3] for line in record.late if line[1:3] == (period, meter))
        quantity = -Fraction(event["data"]["tokens"]) if meter == self.own_meter else Fraction(-1)
        worth = self.line_micros(terms, meter, before + quantity) - self.line_micros(terms, meter, before)
        billed_in = self.calendar.period_of(now)
        while not self.calendar.is_closed(previous(billed_in), now):
            billed_in = previous(billed_in)
        record.late.append((billed_in, period, meter, quantity, worth))
        return "late"

    def look(self, now):
        """What the watch for alerts sees, which has certainly looked now."""
        for name, record in self.tenants.items():
            record.over |= self.periods_over(name, now)

    def glance(self, now, tenant):
        """What it may see between two acts."""
        self.tenants[tenant].maybe_over |= self.periods_over(tenant, now)

    def periods_over(self, tenant, now):
        current = self.calendar.period_of(now)
        return {text_of(period) for period in (current, previous(current))
                if not self.calendar.is_closed(period, now) and self.exists(tenant, period)
                and self.statement(tenant, period, now)["has_overages"]}

    # --- what follows ---

    def exists(self, tenant, period):
        record = self.tenants[tenant]
        return record.created < self.calendar.end(period) or any(
            self.calendar.period_of(event["time"]) == period for event in record.events.values())

    def terms(self, tenant, period, now):
        last = min(now, self.calendar.end(period) - datetime.timedelta(milliseconds=1))
        record = self.tenants[tenant]
        name = record.plan.at(last)
        plan = self.catalogue.at(last)[name]
        own = record.own.at(last)
        limits = {meter: own.get(LIMIT_NAMES[meter], plan["limits"][meter]) for meter in METERS}
        limits[self.own_meter] = own.get("meters", {}).get(self.own_meter, plan["own_limit"])
        return {"plan": name, "limits": limits, "rates": plan["rates"]}

    def usage(self, tenant, period):
        record, start, end = self.tenants[tenant], self.calendar.start(period), self.calendar.end(period)
        usage = {meter: Fraction(0) for meter in (*METERS, self.own_meter)}
        latest = {}
        for key, event in record.events.items():
            if event["time"] >= end or key in record.voided:
                continue
            meter = GAUGES.get(event["type"])
            if meter is not None:                    # a gauge lasts over the end of a period
                value = event["data"]["bytes" if meter == "storage_gb" else "count"]
                latest[meter] = max(latest.get(meter, (start - datetime.timedelta(days=9999), 0)), (event["time"], value))
            elif event["time"] >= start:
                meter = CALLS.get(event["type"], self.own_meter)
                usage[meter] += Fraction(event["data"]["tokens"]) if meter == self.own_meter else 1
        for meter, (_, value) in latest.items():
            usage[meter] = Fraction(value)
        usage["storage_gb"] = Fraction(latest["storage_gb"][1] if "storage_gb" in latest else BASE_BYTES, GIB)
        return usage

    def line_micros(self, terms, meter, used):
        limit = terms["limits"][meter]
        over = Fraction(0) if limit is None else max(Fraction(0), used - limit)
        return half_away(over * terms["rates"][meter], 6)

    def statement(self, tenant, period, now):
        terms, usage = self.terms(tenant, period, now), self.usage(tenant, period)
        utilization = [Fraction(0)]
        micros = 0
        for meter, used in usage.items():
            limit = terms["limits"][meter]
            micros += self.line_micros(terms, meter, used)
            if limit is not None and used > 0:
                utilization.append(used / limit if limit > 0 else Fraction(10 ** 9))
        late = [line for line in self.tenants[tenant].late if line[0] == period]
        micros += sum(line[4] for line in late)
        highest = max(utilization)
        health = ("critical" if highest > 1 else "warning" if highest >= Fraction(9, 10)
                  else "caution" if highest >= Fraction(3, 4) else "healthy")
        return {"plan": terms["plan"], "usage": usage, "limits": terms["limits"], "health": health,
                "has_overages": highest > 1, "late": len(late),
                "cost": Fraction(half_away(Fraction(micros, 10 ** 6), self.digits), 10 ** self.digits)}
