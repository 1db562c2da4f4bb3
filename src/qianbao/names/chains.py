"""Names without a surname: one's own name and, behind it, the father's, or words all one's own.

Turned round such a name may be another person's: Tadesse Bekele may be Bekele Tadesse's father.
Here belong the words that show such a name, written for this project (facts, free of licence), and
whether two names are one turned round; what follows from it belongs to `compare`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from qianbao.names import han, nicknames
from qianbao.names.first_names import FIRST_NAMES
from qianbao.names.letters import Words, is_pinyin
from qianbao.names.parts import DESCENT
from qianbao.names.sides import Side
from qianbao.names.sounds import served, sound
from qianbao.names.told import capitals

_MUSLIM = (
    "abbas abdul abdullah abdullahi abdulrahman adel ahmed aicha aisha ali amadou amin amina "
    "amira anwar asma azim aziz bader badr bahaa bakr bandar basem bashir basil basim basma bilal "
    "boubacar daud dawud dhafer diab dina emad essam fadel fadhil fahad fahd faisal faiz farah "
    "farid farouk fatima fatma fatou fawaz fawzi fayez firas fouad fuad gamal ghada ghanim "
    "ghassan ghazi habib hafsa haider haitham haji hakim hala halim hamad hamdan hamdi hamed "
    "hamid hamida hamza hanan hani harith haroun harun hasan hashim hassan hatem hayder hazem "
    "hisham hoda huda humaid humayd hussain hussam hussein ibrahim ibrahima idris idriss ihab "
    "ilyas imad iman imran iqbal irfan isa isam ishak ishaq ismail issa jaber jabir jalal jama "
    "jamal jassim jawad junaid kadhim kamal kareem karim kazim kemal khadija khaled khalid "
    "khalifa khalil laila lamia latif latifa layla leila louay luay lubna lutfi maha mahdi maher "
    "mahir mahmoud mahmouda majed majid maktoum malik mamadou mamdouh mamoun mansour mariam "
    "marwan maryam masoud maysa mazen mazin mehdi mekki miqdad mishal moaz mohamed mohamud mohsen "
    "moin mona mouin mounir moussa muaz mubarak mubarek muhsin mukhtar muna munir murad musa "
    "muslim mustafa mutaz nabil nader nadia nadir nagwa nahla naif naima naji najib najwa nashwan "
    "nasir nasser nawaf nawal nawfal nayef nayel nidal nizar noura nouri numan nur nura nuruddin "
    "obaid omar osama osman othman oumar ousmane qais qasim qays rabia raed rafiq ragheb rahim "
    "rahman raid ramadan rami ramzi rania rasha rashad rashid rayan reda reem riad rida ridha "
    "rima riyadh rizwan ruqaya saad sabah saber sabir sabri sadek sadiq saeed safa safi safia "
    "safwan sahar said saida saif sajid salah salama saleh salem salim salma salman sameh sami "
    "samih samir samira sana sara sarah saud sayed seif seydou shadi shahid shaima shaker shakir "
    "sharif sheikh shukri siham siraj sohail souad souleymane suad sufian sufyan suhail sulaiman "
    "suleiman sultan sumaya taha taher tahir talal tamer tamim tarek tariq tawfiq tayeb thamer "
    "thani turki ubaid uday usama usman wael wafa wahid waleed walid warda wasim wissam yacoub "
    "yahya yaqub yasin yasir yasmin yasser yazan yazid younis yousef youssef youssouf yunus yusuf "
    "zaher zahir zahra zaid zain zainab zakaria zaki zayd zaynab zein zeinab ziad ziyad zohra "
    "zubair zuhair"
    " mukhammad mukhamed mukhammed magomed akhmed akhmad khasan khusein khamid abdulla rakhim"
)
_ABRAHAMIC = (
    "abel abraham abram avraham abraha aaron haron amanuel emmanuel emanuel benjamin binyam "
    "biniam daniel david dawit davit eli elias elijah eliyas ephraim ephrem ermias esau esaias "
    "ezekiel ezra filmon philemon gabriel georgis george giorgis hana hanna hannah henok hosea "
    "isaac isaak yisak jacob yakob yaqob yacob james jeremiah joel john yohannes johannes jonah "
    "yonas jonas jonathan yonatan joseph yosef yosief joshua josua eyasu lazarus luke lukas "
    "marcos markos marqos mark martha marta mary miriam mariam matewos mathew matthew mathews "
    "mattheus michael mikael michel moses mose musie mussie nahom natan nathan nathanael natnael "
    "nehemiah noah paul paulos pawlos peter petros philip philipos filipos rahel rachel rebecca "
    "ruth rut sarah samson samuel simon simeon simion shimon solomon selomon salomon stephen "
    "estifanos stephanos susanna thomas tomas timothy timotios titus tobias yared yoseph yoel "
    "yosias zachary zacharias zekarias varghese kuriakose ninan oommen chacko eapen cherian itty "
    "mathai poulose pathrose"
)
"""Names of the Bible, which peoples without surnames bear too: Eritrea, Ethiopia, Kerala, Assyria,
South Sudan."""
_MUSLIM_BEGINNINGS = re.compile("[ae]bd(?:[aeiou]|$)")
_MUSLIM_ENDINGS = re.compile("[a-z]{2}[ou]ll?ah$|[aeou]ddine?$|uldine?$|[aeiou]r+ahm[ae]n$")
"""ABDULKARIM; SAIFULLAH, NURUDDIN, FADLURRAHMAN."""
_MONGOLIAN = re.compile(
    "tsend|tsakh|ts[eo]g|enkh|m[ou]nkh|khuu|(?:gan|bat|erdene|altan|naran|nyam|dorj|lkhag|oyun|"
    "sukh|tumur|bold|otgon|byamba|davaa|purev|sainkh|ariun|bayar|jargal|baasan|myagmar|tugs|uran|"
    "gerel|chuluun|munkh|delger|sodnom|zorig|batu|gantu|tuvshin|amar)(?:bayar|bold|baatar|bat|"
    "erdene|tulga|suren|dorj|tsetseg|maa|jargal|tuya|chuluun|saikhan|zul|khuu|sukh|ochir|zaya|"
    "mend|tur|tumur|zorig|delger|od|khan|naran|chimeg|dash|bileg|mur[ue]n|mandakh|nasan|sanaa)|"
    "(?:dorj|bold|bat|bayar|baatar|jargal|suren|erdene|naran|oyun|tuya|sukh|otgon|davaa|byamba|"
    "purev|lkhagvaa?|tsetseg|chuluun|ochir|bileg)$|"
    ".{3,}(?:baatar|batar|tsetseg|bayar|jargal|suren|dorj|erdene|tuyaa?|saikhan|ochir)$"
)
"""What Mongolian names of two parts begin with or end in: GANBOLD, BATBAYAR, ELBEGDORJ. They are
one's own, behind or before the father's."""

_ETHIOPIAN = (
    "abdissa abebe abebech aberra abiy abreham abrehet admasu afewerki afework afeworki afwerki "
    "aklilu alazar alemayehu alemnesh alemu ambachew andargachew arefaine aregawi asefa asfaw "
    "ashenafi asmelash asmerom asnake assefa atnafu atsede ayalew aychew ayele aynalem bahta "
    "balcha barega bayissa befekadu bekana bekele belachew belayneh berakhi beraki bereket "
    "berhane berhanemeskel berhanu berhe berihu bikila birhan birhane birhanu biruk bizuneh "
    "bizunesh bogale bulcha bultum chernet chimdi daba dagmawi dagne debebe debela dechasa defar "
    "dejene demeke demisse demissie derartu dereje deriba desalegn desta dibaba dinknesh efrem "
    "ejegayehu ejigu endale endalkachew endris engida ergete eshete eskinder eyasu eyob fasika "
    "fekadu feleke fessahaye fesshaye feyisa feyissa fikadu firehiwot fisseha fitsum frezghi "
    "gashaw gebeyehu gebreab gebru gelana gelete genzebe gerezgiher gerima getachew getahun "
    "getaneh getnet gezahegn ghebru ghirmai ghirmay gidey girma girmay gizaw gobena goitom gudaf "
    "gudeta haben habtamu habtemariam habtom haddis hadish haftom hagere hagos haile hailu hirut "
    "hiwot isaias isayas issayas iyasu jifar kahsay kassahun kebebush kebede kebre kefyalew "
    "kejelcha kenenisa ketema kflu kibrom kidane kidist kifle kifleyesus kinfe kiros lamecha "
    "legesse lelisa lemlem lencho letebrhan letesenbet lidetu makonnen mamuye meaza mebrahtu "
    "medhanie mehari mekdes mekonnen mekuria melaku meles melese mengesha mengistu mergia merhawi "
    "merhawit meseret mesfin meskel meskerem misgina misrak mitiku moges mulatu mulu mulualem "
    "mulugeta mulugheta natnael negash negasi negussie netsanet nigist nuguse ogbazghi okubay "
    "qidane regassa russom sebhat selemon semere semhar senait senbere seyoum shewaye shiferaw "
    "shimelis shumye sileshi sintayehu sisay taddese taddesse tadele tadelech tadesse tafari "
    "tafesse tamirat tamrat tariku tefera teferi tegegne tekie teklu temesgen tensay terefe "
    "tesema tesfalem tesfamariam tesfay tesfaye tesfu tessema tewelde tewodros tewolde tigist "
    "tilahun tirhas tirunesh tsegai tsegay tsegaye tsehay tsige tsigereda turunesh wakjira weldu "
    "wendimu werku wolday woldu wondimu wondwossen workineh workitu worknesh worku yared yemane "
    "yeshi yidnekachew yilma yirga yirgalem yitbarek yohannes yomif yonatan yordanos zelalem "
    "zenawi zenebe zenebech zerai zeray zerihun zersenay zeru zewde zewdie zewditu zewdu"
)
_ETHIOPIAN_BEGINNINGS = re.compile(
    "gh?ebre|wolde|welde|tekle|habte|haile(?=.)|tesfa(?=.)|zere|kidane(?=.)|ogba|okb[ae]|fesse?ha"
)
"""GEBRE, WOLDE, TEKLE and their like begin a name of two: servant, son, plant of (a saint)."""
_SOMALI = (
    "abdi abdikadir abdikarim abdinasir abdinur abdirahman abdirashid abdirisaq abdirizak "
    "abdisalam abdishakur abdiwahab abdiwali abdiweli aidarus aideed aidid ainashe arale arteh "
    "awale aweys axmed ayaanle barkhad bihi buraale buuh buurale cabdi cabdullahi cali cawad "
    "cigaal cismaan cumar daahir dahabo dahir deeqa dhagax dheere diini diiriye dirie diriiye "
    "diriye duale dualeh egal faadumo farole fiqi gaal galaydh gedi geedi geelle ghedi guelleh "
    "guled guleed guleid gulleid haajir hawo hersi hirsi hodan ibraahim indhacadde jaamac jama "
    "kaahin kediye keynan koofi liibaan mahamoud mahamud maxamed muuse nuurow odawa odowaa olad "
    "omaar qaybe qeybdiid rirash roble rooble samakab samantar samatar shariif sharmarke sheekh "
    "shermarke shirdon shirwa siad siyaad sugule suldaan ubax ugaas ughaz waabberi waare waeys "
    "warsama warsame xaaji xasan xirsi xuseen yabarow yalahow yuusuf"
)
_SHOWS_A_CHAIN = frozenset(_ETHIOPIAN.split() + _SOMALI.split())
"""Words that hardly any other people uses: one of them shows what the whole name is."""

_BURMESE = (
    "aung aye bo chan chaw chit cho chue daw eain ei eindra gyi hein hla hlaine hlaing hnin hpone "
    "hpyo hsan hsu htay htet htin htoo htun htut htwe kaung khaing khant khin khine khun ko kyal "
    "kyaw kyawt kyi kyin kyu kywe latt lay lin lwin lynn ma mar maung may mg mhway mi min mo moe "
    "moh mon mu mya myaing myat myint myitzu myo myu nai naing nan nanda nandar naung naw nay ne "
    "nge ngwe ni nilar nu nway nwe nyan nyein nyi nyo nyunt o ohn ohnmar oo pa paing pann pe "
    "phone phyo phyu po poe pu pwint pyae pyay pyo pyone sabai sai san sanda sandar saw sein set "
    "shein shin shoon shune shwe si sint sithu soe sone su swan swar swe ta tan tar tay tayza "
    "tayzar thae than thandar thant thar thaung thaw thazin theik thein theingi thet thi thida "
    "thidar thiha thin thinn thinzar thiri thu thura thuzar thwe thwin tin tint toe tun tut u wah "
    "wai waing wanna win wint wunna wut wutt ya yadana yadanar yamin yan yar ye yee yi yin yoon "
    "yu yupar ywe za zan zar zarli zarni zaw zawtika zay zayar zeya zeyar zin zun zwe"
)
_BURMESE_WORDS = frozenset(_BURMESE.split())
_ALSO_CHINESE_OR_KOREAN = frozenset({
    "an", "chan", "cho", "ko", "kyu", "ma", "min", "mon", "o", "oo", "pe", "po", "shin", "sin",
    "su", "tan", "u", "wah", "ye", "yee", "yu",
})  # fmt: skip
"""Burmese words of which alone nobody could tell; with another, or twice, they are."""
_HARDLY_CHINESE = frozenset({"nu", "tun"})
"""Burmese words that would be pinyin."""
_TIBETAN = (
    "cheki chhimi chhoden chime chimi chodak choden choedon choekyi chogyal choki chungdu dago "
    "damchoe dawa dechen deki dekyi dema dendup dhargye dhondhup dhondup dolkar dolma doma dorje "
    "dorjee dorji drolma drukpa gyalpo gyaltsen gyamtso gyatso gyeltshen gyem gyurme jambay jampa "
    "jamphel jamyang jangchub jigme kalden kalsang karchung karma kelsang kelzang kezang khandro "
    "kinga kinley kinzang kuenga kuenzang kunga kunzang lekshey lhadon lhakpa lham lhamo lhamu "
    "lhendup lhundup lobsang lobzang loday lodoe lodro losang migmar mingma namgay namgyal "
    "namgyel ngawang ngodup nidup nima norbu norgay norzom nyima palden paljor palzom pasang "
    "passang pelden pelzang pem pema penjor penjore penpa phuntsho phuntsok phurba phurpa rabgay "
    "rabgye rabten rangdol rigzin rinchen rinzin samdrup samdup samphel samten sangay sangye "
    "sherab singay singye sither sonam tandin tashi tempa tenpa tenzin tenzing thinlay thinley "
    "thubten thupten tobden tobgay tobgyal topgyal trinley tsering tsetan tseten tsewang tshering "
    "tshewang tshokey tshomo tsomo tsundue ugen ugyen ura wangchen wangchuk wangda wangdi wangdu "
    "wangmo wangyal yangchen yangden yangdon yangkey yangki yangzom yeshe yeshey yeshi yonten "
    "youden zam zangmo zangpo zomba"
)
"""Of Tibet, Bhutan, Ladakh and Sikkim."""
_TIBETAN_WORDS = frozenset(_TIBETAN.split())

_HALVED_SCRIPTS = re.compile("[\u0620-\u06ff\u0f00-\u109f\u1200-\u139f]")
"""Arabic, Tibetan, Myanmar and Ethiopic letters: whose names are chains, or all one's own."""


def turned_chain(left: Side, right: Side) -> bool:
    """Whether the one is the other turned round, and such that this may be another person: names
    without a surname, or two halves around a middle dot. A comma says the order is only turned, and
    so do capitals that only the surname is written in: Simon THOMAS."""
    a, b = left.plain, right.plain
    if a == b or left.surname_words or right.surname_words or "".join(a) == "".join(b):
        return False
    text = left.texts[0] + right.texts[0]
    if "," in text or (a[0] == b[0] and sorted(a) != sorted(b)):
        return False
    if left.accented and right.accented and (han.has_dot(text) or _HALVED_SCRIPTS.search(text)):
        return sorted(left.words) == sorted(right.words)
    if len(a) == len(b):
        chain = without_surname(a) or without_surname(b)
    else:
        chain = without_surname(a if len(a) > len(b) else b)
    return chain and not (capitals(left) or capitals(right))


@lru_cache(maxsize=1024)
def without_surname(words: Words) -> bool:
    """Whether `words` (lower-case ASCII) may be a name of people who have no surnames: one word
    shows it, or every word is a given name of such a people, so that none can be a surname."""
    if any(word in _SHOWS_A_CHAIN or _ETHIOPIAN_BEGINNINGS.match(word) for word in words):
        return True
    if _BURMESE_WORDS.issuperset(words):
        return len({*words}) < len(words) or not all(map(_may_be_chinese, words))
    own = served(tuple(word for word in words if len(word) > 1 and word not in DESCENT)) or words
    return all(map(_in_chains, own))


def is_given_name(word: str) -> bool:
    """Whether a list at hand has `word` (lower-case ASCII) as a given name."""
    return word in nicknames.table() or word in FIRST_NAMES or _in_chains(word)


def _in_chains(word: str) -> bool:
    """Whether fathers' names follow this first name, among some people who bear it."""
    if word in _TIBETAN_WORDS or (word in _BURMESE_WORDS and not _may_be_chinese(word)):
        return True
    if word in _ABRAHAMIC_NAMES or _MONGOLIAN.match(word) or _MUSLIM_BEGINNINGS.match(word):
        return True
    if _MUSLIM_ENDINGS.search(word):
        return True
    return not _MUSLIM_SOUNDS.isdisjoint((sound(word), sound(word.replace("e", "a"))))


_MUSLIM_SOUNDS = frozenset(
    sound(way) for name in _MUSLIM.split() for way in (name, name.replace("e", "a"))
)
"""MUHAMMAD, MOHAMMED and MOHAMAD are one; Arabic letters leave the vowel open."""
_ABRAHAMIC_NAMES = frozenset(_ABRAHAMIC.split())


def _may_be_chinese(word: str) -> bool:
    if word in _ALSO_CHINESE_OR_KOREAN:
        return True
    return is_pinyin(word) and word not in _HARDLY_CHINESE
