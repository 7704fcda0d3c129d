"""What people tell about themselves. Phones begin 1990000 and mail goes to example.com: plainly invented."""

from weaktie.kit.clock import to_iso
from weaktie.simulate.channels import CHANNELS
from weaktie.simulate.devices import PLATFORMS
from weaktie.simulate.vocabulary import AGE_BANDS, NICK_HEADS, NICK_TAILS, PLACES
from weaktie.simulate.world import World

GENDERS = ("female", "male", "unknown")


def traits_of(world: World, person: int) -> dict[str, str | bool]:
    """The traits of one registered person; every set of traits says that it is simulated."""
    folk = world.folk
    province, city, _ = PLACES[int(folk.place[person])]
    head = NICK_HEADS[person * 7 % len(NICK_HEADS)]
    tail = NICK_TAILS[person * 5 % len(NICK_TAILS)]
    traits: dict[str, str | bool] = {
        "nickname": f"{head}{tail}{person % 1000:03d}",
        "gender": GENDERS[int(folk.gender[person])],
        "age_band": AGE_BANDS[int(folk.age_band[person])][0],
        "province": province,
        "city": city,
    }
    if folk.has_phone[person]:
        traits["phone"] = f"199{person:08d}"
    if folk.has_email[person]:
        traits["email"] = f"sim{person}@example.com"
    traits["registered_time"] = to_iso(int(folk.join_ms[person]) * 1000)
    traits["channel"] = CHANNELS[int(folk.channel[person])].key
    traits["registered_via"] = PLATFORMS[int(world.devices.platform[world.devices.first[person]])]
    traits["simulated"] = True
    return traits
