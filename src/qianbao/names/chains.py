"""Names without a surname: one's own name and, behind it, the father's, or words all one's own.

Turned round such a name may be another person's: Tadesse Bekele may be Bekele Tadesse's father.
Here belong the words that show such a name, written for this project (facts, free of licence), and
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

_ETHIOPIAN = (
    "abdissa abebe abebech aberra abiy abreham admasu afewerki afework alemayehu alemnesh alemu "
    "ambachew andargachew arefaine aregawi asefa asfaw ashenafi asnake assefa atsede ayalew "
    "aychew ayele aynalem bahta balcha bayissa befekadu bekele belachew belayneh berhane berhanu "
    "birhan birhane birhanu biruk bizunesh bogale chernet dagmawi dagne debebe debela dejene "
    "demeke demisse demissie derartu dereje deriba desalegn desta dibaba dinknesh ejegayehu ejigu "
    "endale endalkachew endris engida ergete eshete eskinder eyasu fasika fekadu feleke feyisa "
    "feyissa fikadu firehiwot fisseha fitsum gashaw gebeyehu gelana gelete genzebe getachew "
    "getahun getaneh getnet gezahegn ghirmay girma girmay gizaw gobena goitom gudeta habtamu "
    "habtom haftom hagos haile hailu hirut hiwot isayas iyasu jifar kassahun kebebush kebede "
    "kenenisa ketema kibrom kidane kidist kiros legesse lelisa lemlem lencho lidetu makonnen "
    "mamuye meaza mekdes mekonnen mekuria melaku meles melese mengesha mengistu mergia meseret "
    "mesfin meskel meskerem misrak mitiku moges mulatu mulualem mulugeta mulugheta negash negasi "
    "negussie netsanet nigist ogbazghi okubay qidane regassa sebhat semere senait senbere seyoum "
    "shewaye shiferaw shimelis shumye sileshi sintayehu sisay taddese taddesse tadele tadelech "
    "tadesse tafari tafesse tamirat tamrat tefera teferi tegegne teklu temesgen tensay terefe "
    "tesema tesfay tesfaye tesfu tessema tewodros tewolde tilahun tirunesh tsegay tsegaye tsehay "
    "tsige tsigereda turunesh wakjira wendimu werku wolday woldu wondimu wondwossen workineh "
    "workitu worknesh worku yared yemane yeshi yidnekachew yilma yirga yirgalem yitbarek yohannes "
    "zelalem zenawi zenebe zenebech zerai zerihun zewde zewdie zewditu zewdu"
)
_ETHIOPIAN_BEGINNINGS = re.compile(
    "gh?ebre|wolde|welde|tekle|habte|haile(?=.)|tesfa(?=.)|zere|kidane(?=.)|ogba|okb[ae]|fesse?ha"
)
"""GEBRE, WOLDE, TEKLE and their like begin a name of two: servant, son, plant of (a saint)."""
_SOMALI = (
    "abdi abdikadir abdikarim abdinasir abdinur abdirahman abdirashid abdirisaq abdirizak "
    "abdisalam abdishakur abdiwahab abdiwali abdiweli aidarus aideed aidid ainashe arale arteh "
    "awale aweys ayaanle barkhad bihi buraale buuh cabdi cawad cigaal daahir dahabo dahir deeqa "
    "dhagax dheere diini dirie diriiye diriye duale dualeh egal faadumo fiqi galaydh gedi geedi "
    "geelle ghedi guled guleed guleid haajir hawo hersi hirsi hodan ibraahim indhacadde jaamac "
    "jama kaahin kediye keynan koofi liibaan mahamoud mahamud muuse odawa odowaa olad omaar qaybe "
    "qeybdiid rirash roble rooble samakab samantar samatar shariif sharmarke shermarke shirdon "
    "shirwa siad siyaad sugule suldaan ubax ugaas ughaz waabberi warsama warsame xasan xirsi "
    "xuseen yabarow yalahow yuusuf"
)
_SHOWS_A_CHAIN = frozenset(_ETHIOPIAN.split() + _SOMALI.split())
"""Words that hardly any other people uses: one of them shows what the whole name is."""

_BURMESE = (
    "aung aye bo chit cho daw ei gyi hein hla hlaine hlaing hnin htay htet htin htoo htun htut "
    "htwe kaung khaing khant khin khine khun ko kyaw kyawt kyi kyin kyu kywe lay lin lwin ma "
    "maung may mg mi min mo moe mon mu mya myat myint myo myu nai naing nan nanda nandar naw nay "
    "ne ngwe ni nilar nu nway nwe nyan nyein nyi nyo nyunt o ohn ohnmar oo pa pe phone phyo phyu "
    "po pu pyae pyay pyo pyone sai san sanda sandar saw sein set shein shin shwe si sint sithu "
    "soe su swar swe ta tan tar tay tayza tayzar than thandar thant thar thaung thaw theik thein "
    "theingi thet thi thida thidar thiha thin thinzar thiri thu thura thuzar thwe thwin tin toe "
    "tun tut u wah wai waing wanna win wint wunna wut ya yadana yamin yan yar ye yee yi yin yu "
    "yupar ywe za zan zar zaw zawtika zay zayar zeya zin zun"
)
_BURMESE_WORDS = frozenset(_BURMESE.split())
_ALSO_CHINESE_OR_KOREAN = frozenset({
    "an", "cho", "ko", "kyu", "ma", "may", "min", "mon", "o", "oo", "pe", "po", "saw", "shin",
    "sin", "su", "tan", "thu", "u", "wah", "ye", "yee", "yu",
})  # fmt: skip
"""Burmese words of which alone nobody could tell; with the other's, they are."""
_TIBETAN = (
    "cheki chhimi chhoden chime chimi chodak choden choedon choekyi chogyal chungdu damchoe dawa "
    "dechen deki dekyi dema dhargye dhondhup dhondup dolkar dolma dorje dorjee dorji drolma "
    "drukpa gyalpo gyaltsen gyamtso gyatso gyeltshen gyurme jambay jampa jamphel jamyang jangchub "
    "jigme kalden kalsang karchung karma kelsang kelzang kezang khandro kinga kinley kinzang "
    "kuenga kuenzang kunga kunzang lekshey lhadon lhakpa lhamo lhendup lhundup lobsang lobzang "
    "loday lodoe lodro losang migmar mingma namgay namgyal namgyel ngawang ngodup nidup nima "
    "norbu norzom nyima palden paljor palzom pasang passang pelden pelzang pem pema penjor "
    "penjore penpa phuntsho phuntsok phurba phurpa rabgay rabgye rabten rangdol rigzin rinchen "
    "rinzin samdrup samdup samphel samten sangay sangye sherab singay singye sither sonam tandin "
    "tashi tempa tenpa tenzin thinlay thinley thubten thupten tobden tobgay tobgyal topgyal "
    "trinley tsering tsetan tseten tsewang tshering tshewang tshomo tsomo tsundue ugen ugyen "
    "wangchen wangchuk wangda wangdi wangdu wangmo wangyal yangchen yangden yangdon yangkey "
    "yangki yangzom yeshe yeshey yeshi yonten youden zam zangmo zangpo zomba"
)
"""Of Tibet, Bhutan, Ladakh and Sikkim."""
_TIBETAN_WORDS = frozenset(_TIBETAN.split())

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
    if _BURMESE_WORDS.issuperset(words):
        return not all(is_pinyin(word) or word in _ALSO_CHINESE_OR_KOREAN for word in words)
    return _TIBETAN_WORDS.issuperset(words) or all(sound(word) in _IN_CHAINS for word in words)
