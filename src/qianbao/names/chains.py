"""Names without a surname: one's own name and, behind it, the father's, or words all one's own.

Turned round such a name may be another person's: Tadesse Bekele may be Bekele Tadesse's father. Here
belong the words that show such a name, written for this project (facts, free of licence), and
whether two names are one turned round; what follows from it belongs to `compare`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qianbao.names import han
from qianbao.names.letters import Words, is_pinyin
from qianbao.names.sides import Side
from qianbao.names.sounds import sound

_ARABIC = (
    "mohamed ahmed mahmoud hamid ali hasan hussein abdullah abdulrahman abdul omar othman ibrahim "
    "ismail yusuf musa isa salem said saleh khalid nasser sultan rashid yaqub daud suleiman jassim "
    "karim jamal hamad khalil mustafa haider abbas amin saeed tariq faisal fahad bakr idris yousef "
    "youssef samir adel fadel tarek walid waleed nabil ziad bilal yahya zakaria harun hashim qasim "
    "anwar bashir emad imad essam farid farouk gamal habib hisham jaber kamal majid mansour mazen "
    "mohsen munir murad nader osama usama ramadan rashad sabri sadiq salah salman sharif talal "
    "wael yasser yasin younis zaid zayd taha farah nur jama"
)
_IN_CHAINS = frozenset(map(sound, _ARABIC.split()))
"""First names of people whose fathers' names follow their own, by sound."""

_ETHIOPIAN = frozenset((
    "abay abdissa abebe abebech aberra abiy abreham admasu afewerki afework alemayehu "
    "alemu alemnesh almaz ambachew andargachew aregawi arefaine asefa assefa asfaw "
    "ashenafi asnake atsede ayalew ayele aynalem aychew bahta balcha bayissa befekadu "
    "bekele belachew belayneh berhane berhanu birhan birhane birhanu biruk bizunesh bogale "
    "chernet dagmawi dagne debebe debela dejene demeke demissie demisse dereje "
    "derartu deriba desalegn desta dibaba dinknesh ejigu ejegayehu endale endalkachew endris engida "
    "ergete eshete eskinder eyasu fasika fekadu feleke feyisa feyissa fikadu "
    "firehiwot fisseha fitsum gashaw gebeyehu gelana gelete genzebe getachew getahun "
    "getaneh getnet gezahegn ghirmay girma girmay gizaw gobena goitom gudeta habtamu habtom "
    "haftom hagos haile hailu hiwot hirut isayas iyasu jifar kassahun kebede kebebush kenenisa "
    "ketema kibrom kidane kidist kiros lelisa lemlem lemmi lencho legesse lidetu "
    "makonnen mamuye mekdes mekonnen mekuria melaku meles melese mengesha "
    "mengistu mergia meseret mesfin meskel meskerem meaza misrak mitiku moges mulatu mulugeta "
    "mulualem mulugheta negash negasi negussie netsanet nigist ogbazghi okubay qidane "
    "regassa sebhat semere senait senbere seyoum shewaye shiferaw shimelis shumye "
    "sileshi sintayehu sisay solome tadele tadelech tadesse taddese taddesse tafari tafesse "
    "tamirat tamrat tefera teferi tegegne teklu temesgen tensay terefe tesema tessema tesfay "
    "tesfaye tesfu tewodros tewolde tilahun tirunesh tsegay tsegaye tsehay tsige tsigereda "
    "turunesh wakjira wendimu werku weyni wolday woldu wondimu wondwossen worku workineh worknesh "
    "workitu yared yemane yeshi yidnekachew yilma yirga yirgalem yitbarek yohannes zelalem "
    "zenawi zenebe zenebech zerihun zerai zewde zewdie zewditu zewdu"
).split())  # fmt: skip
_ETHIOPIAN_BEGINNINGS = re.compile(
    "(?:gh?ebre|wolde|welde|tekle|habte|haile(?=.)|tesfa(?=.)|zere|kidane(?=.)|ogba|okb[ae]|fesse?ha)"
)
"""GEBRE, WOLDE, TEKLE and their like begin a name of two: servant, son, plant of (a saint)."""
_SOMALI = frozenset((
    "abdi abdikadir abdikarim abdinasir abdinur abdirahman abdirashid abdirisaq abdirizak abdisalam "
    "abdishakur abdiwahab abdiwali abdiweli aidid aideed aidarus ainashe arale arteh awale "
    "aweys ayaanle barkhad bihi buraale buuh cabdi cawad cigaal daahir dahabo dahir "
    "deeqa dhagax dheere diini dirie diriye diriiye duale dualeh egal faadumo fiqi gaas galaydh "
    "gedi geedi ghedi geelle guleed guled guleid haajir hawo hersi hirsi hodan ibraahim "
    "indhacadde jaamac jama kaahin kediye keynan koofi liban liibaan "
    "mahamud mahamoud muuse odowaa odawa olad omaar qaybe qeybdiid rirash "
    "rooble roble samantar samatar samakab shariif sharmarke shermarke shirdon "
    "shirwa siad siyaad sugule suldaan tuur ubax ugaas ughaz waabberi warsame warsama xasan "
    "xirsi xuseen yabarow yalahow yuusuf"
).split())  # fmt: skip
_SHOWS_A_CHAIN = _ETHIOPIAN | _SOMALI
"""Words that hardly any other people uses: one of them shows what the whole name is."""

_BURMESE = frozenset((
    "aung aye bo chit cho daw ei gyi hein hla hlaing hlaine hnin htay htet htin htoo htun htut "
    "htwe kaung khaing khant khin khine khun ko kyaw kyawt kyi kyin kyu kywe lay lin lwin ma may "
    "maung mg mi min mo moe mon mu mya myat myint myo mo myu nai nan nandar nanda naing nay naw ne "
    "ngwe ni nilar nu nwe nway nyan nyein nyi nyo nyunt o ohn ohnmar oo pa pe phone phyo phyu po pu "
    "pyae pyay pyone pyo sai san sanda sandar saw sein set shein shin shwe si sint sithu soe su "
    "swe swar ta tan tar tay tayza tayzar thu thant than thandar thar thaung thaw theik thein "
    "theingi thet thi thida thidar thiha thin thinzar thiri thura thuzar thwe thwin tin toe tun "
    "tut u wai wah wanna waing win wint wunna wut ya yadana yamin yan yar ye yee yi yin yu yupar "
    "ywe za zan zar zaw zawtika zay zayar zeya zin zun"
).split())  # fmt: skip
_ALSO_KOREAN = frozenset("ko ma min shin sin tan saw an u oo su ye yu o pe po thu".split())
"""Burmese words of which alone nobody could tell; with the other's, they are."""
_TIBETAN = frozenset((
    "cheki chhimi chhoden chime chimi chodak choden choedon choekyi chogyal chungdu damchoe dawa "
    "dechen deki dekyi dema dhargye dhondup dhondhup dolkar dolma dorje dorjee dorji drolma drukpa "
    "gyaltsen gyalpo gyamtso gyatso gyeltshen gyurme jambay jamphel jampa jamyang jangchub jigme "
    "kalden kalsang karchung karma kelsang kelzang kezang khandro kinga kinley kinzang kuenga "
    "kuenzang kunga kunzang lekshey lhadon lhakpa lhamo lhendup lhundup lobsang lobzang lodoe lodro "
    "loday losang migmar mingma namgay namgyal namgyel ngawang ngodup nidup nima norbu norzom "
    "nyima palden paljor palzom pasang passang pelden pelzang pem pema penjor penjore penpa "
    "phuntsho phuntsok phurba phurpa rabgay rabgye rabten rangdol rigzin rinchen rinzin samdrup "
    "samdup samphel samten sangay sangye sherab sither singay singye sonam tandin tashi tempa "
    "tenpa tenzin thinlay thinley thupten thubten tobden tobgay tobgyal topgyal trinley tsering "
    "tseten tsetan tsewang tshering tshewang tshomo tsomo tsundue ugen ugyen wangchen wangchuk "
    "wangda wangdi wangdu wangmo wangyal yangchen yangden yangdon yangkey yangki yangzom yeshe "
    "yeshey yeshi yonten youden zam zangmo zangpo zomba"
).split())  # fmt: skip
"""Of Tibet, Bhutan, Ladakh and Sikkim."""

_HALVED_SCRIPTS = re.compile("[\u0620-\u06ff\u0f00-\u109f\u1200-\u139f]")
"""Arabic, Tibetan, Myanmar and Ethiopic letters: whose names are chains, or all one's own."""


def turned_chain(left: Side, right: Side) -> bool:
    """Whether the one is the other turned round, and such that this may be another person: names
    without a surname, or two halves around a middle dot. A comma says the order is only turned."""
    a, b, text = left.plain, right.plain, left.texts[0]
    if left.surname_words or right.surname_words or "".join(a) == "".join(b):
        return False
    if "," in text + right.texts[0] or (a[0] == b[0] and sorted(a) != sorted(b)):
        return False
    if left.accented and right.accented and (han.has_dot(text) or _HALVED_SCRIPTS.search(text)):
        return sorted(left.words) == sorted(right.words)
    return without_surname(a if len(a) > len(b) else b)


@lru_cache(maxsize=1024)
def without_surname(words: Words) -> bool:
    """Whether `words` (lower-case ASCII) are a name of people who have no surnames."""
    if any(word in _SHOWS_A_CHAIN or _ETHIOPIAN_BEGINNINGS.match(word) for word in words):
        return True
    if _BURMESE.issuperset(words):
        return not all(is_pinyin(word) or word in _ALSO_KOREAN for word in words)
    return _TIBETAN.issuperset(words) or all(sound(word) in _IN_CHAINS for word in words)
