"""Words that no tag may be made of, with the reason why.

互联网信息服务算法推荐管理规定 10 forbids illegal or harmful information as interest tags and discriminatory or prejudiced tags of
users; 个人信息保护法 28–29 asks separate consent for sensitive personal information, which a tag of everybody cannot have.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from weaktie.kit.words import Words

RELIGION: Final = Words("宗教信仰属于敏感个人信息", "religious belief is sensitive personal information")
HEALTH: Final = Words("医疗健康属于敏感个人信息", "health is sensitive personal information")
ETHNICITY: Final = Words(
    "民族、种族属于敏感个人信息", "ethnicity and race are sensitive personal information"
)
SEXUALITY: Final = Words(
    "性取向、性生活属于敏感个人信息", "sexual orientation and sex life are sensitive personal information"
)
POLITICS: Final = Words("政治观点属于敏感个人信息", "political views are sensitive personal information")
IDENTITY: Final = Words(
    "生物识别、特定身份属于敏感个人信息", "biometrics and special status are sensitive personal information"
)
CRIME: Final = Words("违法犯罪记录属于敏感个人信息", "criminal records are sensitive personal information")
PREJUDICE: Final = Words(
    "歧视性或偏见性用户标签（算法推荐管理规定第十条）",
    "a discriminatory or prejudiced tag of users (algorithm provisions, article 10)",
)
ILLEGAL: Final = Words(
    "违法和不良信息不得作为用户兴趣点（算法推荐管理规定第十条）",
    "illegal or harmful information may not be an interest of users (algorithm provisions, article 10)",
)
ADDED: Final = Words("本工作区添加的禁用词", "a word that this workspace forbids")

FORBIDDEN: Final[tuple[tuple[Words, str], ...]] = (
    (
        RELIGION,
        """
        宗教 信教 教徒 佛教 佛教徒 道教徒 基督徒 基督教 天主教 穆斯林 伊斯兰 清真寺 法轮 religion
        religious christian catholic muslim islam islamic buddhist jewish hindu atheist
        """,
    ),
    (
        HEALTH,
        """
        疾病 病史 患者 患病 艾滋 乙肝 糖尿病 高血压 癌症 肿瘤 抑郁 精神病 残疾 残障 孕妇 怀孕 备孕 流产
        不孕 体检结果 用药记录 disease illness patient diabetes diabetic cancer hiv aids hepatitis
        depression disabled disability pregnant pregnancy abortion infertile medical diagnosis
        """,
    ),
    (
        ETHNICITY,
        """
        民族成分 少数民族 种族 汉族 维吾尔 藏族 回族 蒙古族 壮族 满族 苗族 彝族 黑人 白人 混血 ethnicity
        ethnic racial uyghur tibetan african caucasian hispanic
        """,
    ),
    (
        SEXUALITY,
        """
        性取向 同性恋 双性恋 异性恋 跨性别 男同 女同 出柜 性生活 性癖 gay lesbian bisexual transgender
        homosexual heterosexual lgbt queer sexuality
        """,
    ),
    (
        POLITICS,
        """
        政治观点 政治倾向 政治立场 政治面貌 党员 党派 上访 维权人士 political politics communist
        democrat republican party_member dissident
        """,
    ),
    (
        IDENTITY,
        """
        身份证号 人脸特征 指纹 基因 未成年人 biometric fingerprint genetic dna passport ssn
        """,
    ),
    (
        CRIME,
        """
        犯罪 前科 案底 刑满 服刑 失信 老赖 criminal convict felon offender
        """,
    ),
    (
        PREJUDICE,
        """
        穷人 穷鬼 屌丝 土包子 乡巴佬 农村人 剩女 剩男 绿茶 渣男 渣女 丑女 胖子 矮穷矬 韭菜 肥羊 冤大头
        傻白甜 低素质 低端人口 外地人 河南人 东北人 老不死 娘炮 泼妇 poor_people loser sucker redneck
        retard slut ugly stupid trash peasant
        """,
    ),
    (
        ILLEGAL,
        """
        赌博 赌客 博彩 色情 黄色视频 嫖娼 卖淫 毒品 吸毒 大麻 冰毒 枪支 弹药 传销 诈骗 洗钱 邪教 暴恐
        恐怖主义 翻墙 代孕 gambling gambler porn pornography prostitution drugs cocaine heroin marijuana
        firearms terrorism terrorist scam fraud money_laundering
        """,
    ),
)
"""Reason, and the words: Chinese ones are looked for anywhere, Latin ones as whole words."""
_LATIN: Final = re.compile(r"[a-z]")


def _spaced(text: str) -> str:
    """Lower case, with what joins words in keys as blanks."""
    return re.sub(r"[_\-./]+", " ", text.lower())


def found_in(text: str, added: Iterable[str] = ()) -> tuple[str, Words] | None:
    """The first forbidden word in a text and the reason; None where it is clean.

    Chinese words are found anywhere, Latin ones as whole words (a plural counts), so that `engaged` is no `gay`. Characters
    that are often put between to hide a word do not help.
    """
    spaced = _spaced(text)
    closed = re.sub(r"[\s*·•|~]+", "", spaced)
    lists: list[tuple[Words, Iterable[str]]] = [
        (ADDED, added),
        *((why, words.split()) for why, words in FORBIDDEN),
    ]
    for reason, words in lists:
        for word in words:
            plain = _spaced(word).strip()
            if not plain:
                continue
            if _LATIN.search(plain):
                if re.search(rf"(?<![a-z]){re.escape(plain)}(?:s|es)?(?![a-z])", spaced):
                    return word, reason
            elif plain.replace(" ", "") in closed:
                return word, reason
    return None


def first_in(texts: Mapping[str, str], added: Iterable[str] = ()) -> tuple[str, str, Words] | None:
    """(place, word, reason) of the first text, by its place, that has a forbidden word."""
    words = tuple(added)
    for place, text in texts.items():
        found = found_in(text, words)
        if found is not None:
            return place, *found
    return None
