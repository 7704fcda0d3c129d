"""Names of events: Segment's e-commerce words, the social ones beside them, and what 神策's preset events are called here."""

from functools import lru_cache
from typing import Final, Literal

OrderStatus = Literal["paid", "refunded", "cancelled"]

IDENTIFIED: Final = "User Identified"
PROFILE_SET: Final = "Profile Set"
PROFILE_SET_ONCE: Final = "Profile Set Once"
PROFILE_UNSET: Final = "Profile Unset"
PROFILE_DELETED: Final = "Profile Deleted"
PROFILE_INCREMENTED: Final = "Profile Incremented"
PROFILE_APPENDED: Final = "Profile Appended"
GROUP_JOINED: Final = "Group Joined"
IDENTITY_ALIASED: Final = "Identity Aliased"
ITEM_SET: Final = "Item Set"

PROFILE_EVENTS: Final = frozenset(
    {
        IDENTIFIED,
        PROFILE_SET,
        PROFILE_SET_ONCE,
        PROFILE_UNSET,
        PROFILE_DELETED,
        PROFILE_INCREMENTED,
        PROFILE_APPENDED,
    }
)
"""Events that describe a person rather than something the person did."""

ORDER_EVENTS: Final[dict[str, OrderStatus]] = {
    "Order Completed": "paid",
    "Order Refunded": "refunded",
    "Order Cancelled": "cancelled",
}

RELATION_EVENTS: Final[dict[str, tuple[str, tuple[str, ...], bool]]] = {
    "Product Shared": ("share", ("recipient_id", "to_user_id"), False),
    "Content Shared": ("share", ("recipient_id", "to_user_id"), False),
    "Invite Sent": ("invite", ("invitee_id", "recipient_id", "to_user_id"), False),
    "Invite Accepted": ("invite", ("inviter_id", "sharer_id", "referrer_id"), True),
    "User Followed": ("follow", ("followed_id", "to_user_id", "creator_id"), False),
    "Friend Added": ("friend", ("friend_id", "to_user_id"), False),
}
"""Event → kind of relation, properties that may name the other person, and whether the relation starts at the other."""

SENSORS_EVENTS: Final = {
    "$pageview": "Page Viewed",
    "$WebClick": "Element Clicked",
    "$WebStay": "Page Left",
    "$WebPageLeave": "Page Left",
    "$AppInstall": "App Installed",
    "$AppStart": "App Opened",
    "$AppStartPassively": "App Started Passively",
    "$AppEnd": "App Closed",
    "$AppViewScreen": "Screen Viewed",
    "$AppPageLeave": "Screen Left",
    "$AppClick": "Element Clicked",
    "$AppPushClick": "Push Clicked",
    "$MPLaunch": "App Opened",
    "$MPShow": "App Foregrounded",
    "$MPHide": "App Backgrounded",
    "$MPViewScreen": "Screen Viewed",
    "$MPPageLeave": "Screen Left",
    "$MPClick": "Element Clicked",
    "$MPShare": "Content Shared",
    "$MPAddFavorites": "Content Favourited",
    # Clients send it at every sign-in that changes the login, so it says who somebody is, not that they are new.
    "$SignUp": "Signed In",
    "$BindID": "Identity Bound",
    "$UnbindID": "Identity Unbound",
}
"""神策's preset events under the names that the same acts have everywhere else."""

VOCABULARY: Final = (
    "Account Created", "App Backgrounded", "App Closed", "App Foregrounded", "App Installed", "App Opened",
    "Cart Viewed", "Checkout Started", "Checkout Step Completed", "Checkout Step Viewed", "Content Clicked",
    "Content Commented", "Content Favourited", "Content Liked", "Content Shared", "Content Viewed", "Coupon Applied",
    "Coupon Entered", "Coupon Removed", "Element Clicked", "Friend Added", "Group Joined", "Group Left",
    "Invite Accepted", "Invite Sent", "Message Opened", "Message Sent", "Order Cancelled", "Order Completed",
    "Order Refunded", "Order Updated", "Page Left", "Page Viewed", "Payment Info Entered", "Product Added",
    "Product Added to Wishlist", "Product Clicked", "Product List Filtered", "Product List Viewed",
    "Product Removed", "Product Reviewed", "Product Shared", "Product Viewed", "Products Searched",
    "Promotion Clicked", "Promotion Viewed", "Push Clicked", "Screen Left", "Screen Viewed", "Signed In",
    "Signed Out", "Signed Up", "User Followed",
)  # fmt: skip
"""Events that the product knows by name; others are kept under the name they came with."""


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace(" ", "").replace("-", "")


_BY_KEY: Final = {_key(name): name for name in VOCABULARY}


@lru_cache(4096)
def sensors_name(name: str) -> str:
    """A 神策 event's name here: presets by the table, and `ProductViewed` or `product_viewed` (神策 allows no blanks)
    as the word of the vocabulary that they spell; any other name as it came."""
    return SENSORS_EVENTS.get(name) or _BY_KEY.get(_key(name), name)
