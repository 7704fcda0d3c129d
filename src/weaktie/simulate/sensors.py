"""The mini-program's events as the Sensors protocol has them.

Its SDKs refuse blanks in event names and objects in lists: names are written `ProductViewed`, and the
products of an order are a list of texts, each a JSON object.
"""

import numpy as np

from weaktie.simulate.catalogue import SHOPS
from weaktie.simulate.channels import CHANNELS
from weaktie.simulate.contracts import LIBRARY
from weaktie.simulate.days import Scene
from weaktie.simulate.devices import APP_VERSIONS, SYSTEMS
from weaktie.simulate.encoding import Pieces, items, quoted
from weaktie.simulate.events import NAMES, Kind
from weaktie.simulate.timeline import I64
from weaktie.simulate.traits import traits_of

SENSORS_NAMES: dict[Kind, str] = {kind: name.replace(" ", "") for kind, name in NAMES.items()}
_LIB = f'"lib":{{"$lib":"MiniProgram","$lib_method":"code","$lib_version":"{LIBRARY}-1"}}'


class SensorsText:
    """Writes events of mini-programs."""

    def __init__(self, bits: Pieces) -> None:
        self._bits = bits
        devices = bits.world.devices
        self._devices = {
            int(
                d
            ): f'"$lib":"MiniProgram","$lib_version":"{LIBRARY}-1","$os":"{SYSTEMS[int(devices.system[d])]}",'
            f'"$app_version":"{APP_VERSIONS[int(devices.version[d])]}","platform":"mini_program"'
            for d in np.flatnonzero(devices.is_mini_program())
        }
        self._channels = [
            f',"$utm_source":"{c.source}","$utm_medium":"{c.medium}","$utm_campaign":"sim-{c.key}"'
            if c.source
            else ""
            for c in CHANNELS
        ]

    def write(
        self, scene: Scene, rows: I64, props: list[str], shop: list[int], first_track: int
    ) -> tuple[bytes, ...]:
        """The events at `rows`; `_track_id` counts on from `first_track` with the row."""
        events = scene.events.take(rows)
        anonymous = self._bits.world.devices.anonymous_id
        columns = zip(
            rows.tolist(),
            events.kind.tolist(),
            events.person.tolist(),
            events.device.tolist(),
            events.channel.tolist(),
            events.known.tolist(),
            events.order.tolist(),
            events.time_ms.tolist(),
            strict=True,
        )
        out = []
        for row, kind, person, device, way, known, order, time in columns:
            anon = f'"{anonymous[device]}"'
            who = f'"distinct_id":{anon},"anonymous_id":{anon}'
            if known:
                uid = self._bits.user[person]
                who = f'"distinct_id":{uid},"login_id":{uid},"anonymous_id":{anon}'
            place = f'"channel":"{CHANNELS[way].key}","shop_id":"{SHOPS[shop[row]]}"'
            common = (
                f'{self._devices[device]}{self._channels[way]},"$is_login_id":{"true" if known else "false"}'
            )
            if kind == Kind.TRAITS:
                traits = quoted(traits_of(self._bits.world, person))
                body = f'"type":"profile_set",{who},"properties":{traits[:-1]},"$is_login_id":true}}'
            elif kind == Kind.IDENTIFY:
                body = (
                    f'"type":"track_signup","event":"$SignUp",{who},"original_id":{anon},'
                    f'"properties":{{{place},{common}}}'
                )
            else:
                more = self._products(scene, kind, order)
                body = (
                    f'"type":"track","event":"{SENSORS_NAMES[Kind(kind)]}",{who},"properties":{{{props[row]}{more}'
                    f"{place},{common}}}"
                )
            out.append(f'{{{body},{_LIB},"time":{time},"_track_id":{first_track + row}}}'.encode())
        return tuple(out)

    def _products(self, scene: Scene, kind: int, order: int) -> str:
        if order < 0 or kind == Kind.ORDER_REFUNDED:
            return ""
        return f'"products":{quoted(items(self._bits, scene, order))},'
