"""What callers may rely on of the vault."""

from weaktie.kit.errors import Unavailable
from weaktie.kit.words import Words

MASTER_KEY_FILE = "keys/master.key"


class MissingMasterKey(Unavailable):
    """The home has sealed values and no master key file, or none was made yet; nothing can be opened without it."""

    def __init__(self) -> None:
        super().__init__(
            "master_key_missing",
            Words(
                f"找不到主密钥文件 {MASTER_KEY_FILE}。请从备份恢复该文件；没有它，已加密的数据无法读取。",
                f"The master key file {MASTER_KEY_FILE} is missing. Restore it from its backup; without it nothing that is "
                "sealed can be read.",
            ),
            place=MASTER_KEY_FILE,
        )


class WrongMasterKey(Unavailable):
    """The master key file is damaged, or belongs to another home."""

    def __init__(self) -> None:
        super().__init__(
            "master_key_wrong",
            Words(
                f"主密钥文件 {MASTER_KEY_FILE} 与此数据目录不匹配或已损坏。请恢复原来的文件。",
                f"The master key file {MASTER_KEY_FILE} is damaged or belongs to another home. Restore the original file.",
            ),
            place=MASTER_KEY_FILE,
        )
