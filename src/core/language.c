#include "core/language.h"

#define WORDS_MAX  200      /* of a text; what follows tells nothing new */
#define SURE       2        /* least weight, and least lead over the next */

/* Small words folded, in order, each with a space on either side. */
static const char *const  small_words[CX_LANGUAGE_COUNT] = {
    [CX_LANGUAGE_EN] =
        " a about all am an and any are as at available be because been but"
        " by can cannot could did do does doesn don for from get good had has"
        " have hello help her here hey hi him his how i if in is isn it its"
        " just like may me my near need no not of off on open or order our"
        " out please she should so some thank thanks that the their them"
        " there these they this those to too until up us want was we were"
        " what when where which who why will with would yes you your ",
    [CX_LANGUAGE_ES] =
        " a ahora al algo alguien aqui asi ayuda bien buenas buenos como con"
        " cual cuales cuando cuanto cuantos cuesta de del desde dia dias"
        " donde e el ella ellos en entre era eres es esa ese eso esta estan"
        " estas este esto estoy favor gracias ha hacer hasta hay he hola hoy"
        " la las le les lo los mas me mi mis muy necesito ni no nos o otro"
        " para pedido pero por porque puede pueden puedo que quien quiero se"
        " ser si sin sobre son su sus tambien te tengo tiene tienen todo tu"
        " un una unos usted ustedes y ya yo ",
    [CX_LANGUAGE_DE] =
        " aber alle als also am an auch auf aus bei bin bis bitte danke das"
        " dass dein dem den denn der des die dies diese dieser doch du durch"
        " ein eine einem einen einer er es fur gerne gibt guten habe haben"
        " hallo hat hier ich ihr ihre im in ist ja kann kein keine konnen"
        " leider man mein meine mich mir mit mochte morgen nach nein nicht"
        " noch nur ob oder sehr sein sich sie sind so tag uber um und uns"
        " unser vom von vor wann warum was welche wenn wer wie wieder wir"
        " wird wo zu zum zur ",
    [CX_LANGUAGE_FR] =
        " a ai alors apres au aussi aux avant avec avez avoir besoin bien"
        " bonjour c ca ce cela ces cet cette chez combien comme comment d"
        " dans de depuis des du elle elles en est et etes etre fait il ils j"
        " je l la le les leur lui ma mais me merci mes moi mon n ne nos notre"
        " nous on ou par pas peut peux plait plus pour pourquoi pouvez qu"
        " quand que quel quelle quelles quels qui quoi s salut sans se ses si"
        " sommes son sont suis sur svp ta te tes toi ton tous tout tres tu un"
        " une vos votre voudrais vous y ",
    [CX_LANGUAGE_PT] =
        " a agora ai ajuda ao aos aqui as ate boa bom com como custa da das"
        " de dele depois dia do dos e ela ele eles em era essa esse esta"
        " estao estou eu favor foi ha hoje isso isto ja la mais mas me meu"
        " meus minha muito na nao nas nem no nos nossa nosso o obrigada"
        " obrigado oi ola onde os ou para pedido pela pelo pode podem por"
        " porque posso preciso qual quando quanto que quem quero sao se sem"
        " ser seu sim so sua tambem te tem temos tenho tudo um uma uns voce"
        " voces ",
    [CX_LANGUAGE_IT] =
        " a abbiamo ad ai al alla alle anche avete buon buona buongiorno c"
        " che chi ci ciao come con cosa costa cui da dal dalla degli dei del"
        " della delle di dove e ed essere fino gli grazie ha hai hanno ho i"
        " il in io l la le lei lo loro ma mi mia mio molto ne nel nella no"
        " noi non o oggi ogni per perche piu posso potete prego puo qual"
        " quale quando quanto quella quello questa questo qui sara se sei si"
        " siamo siete sono su sul sulla suo tra tu un una uno vi voglio voi"
        " vorrei ",
    [CX_LANGUAGE_NL] =
        " aan al alleen alles als alstublieft ben bij dan dank dankjewel dat"
        " de deze die dit doen door dus een en er geen goed goede goedemorgen"
        " graag haar had hallo heb hebben heeft hem het hier hij hoe hoeveel"
        " ik in is ja je jij jullie kan kunnen kunt maar me meer met mij mijn"
        " moet morgen na naar nee niet nog nu of om onder ons ook op open"
        " over te toch toen tot u uit uw van vandaag veel voor waar waarom"
        " wanneer was wat we wel welke werd wie wij wil wordt zal ze zich"
        " zij zijn zo zonder zou ",
};


cx_str
cx_language_word(cx_language l)
{
    static const cx_str words[CX_LANGUAGE_COUNT] = {
        [CX_LANGUAGE_UNKNOWN] = CX_STR_INIT("unknown"),
#define X(code, word)  [CX_LANGUAGE_##code] = CX_STR_INIT(word),
        CX_LANGUAGES(X)
#undef X
    };

    return words[l];
}


cx_language
cx_language_parse(cx_str word)
{
    for (int l = CX_LANGUAGE_UNKNOWN + 1; l < CX_LANGUAGE_COUNT; l++) {
        if (cx_str_eq(word, cx_language_word((cx_language) l))) {
            return (cx_language) l;
        }
    }

    return CX_LANGUAGE_UNKNOWN;
}


/* A word that only one of the languages has tells more than one that several
 * have. */
static void
weigh(cx_str word, int weight[CX_LANGUAGE_COUNT])
{
    bool  has[CX_LANGUAGE_COUNT];
    int   n = 0;

    for (int l = CX_LANGUAGE_UNKNOWN + 1; l < CX_LANGUAGE_COUNT; l++) {
        has[l] = cx_str_listed(small_words[l], word);
        n += has[l];
    }

    for (int l = CX_LANGUAGE_UNKNOWN + 1; l < CX_LANGUAGE_COUNT; l++) {
        weight[l] += n > 0 && has[l] ? (n == 1 ? 2 : 1) : 0;
    }
}


cx_language
cx_language_guess(cx_str words)
{
    int      weight[CX_LANGUAGE_COUNT] = { 0 };
    int      best = CX_LANGUAGE_UNKNOWN, next = 0;
    size_t   at = 0, len;

    for (size_t n = 0; n < WORDS_MAX && at + 2 < words.len; n++) {
        len = cx_str_find_byte(cx_str_sub(words, at + 1, words.len), ' ');

        if (len == SIZE_MAX) {
            break;
        }

        weigh(cx_str_sub(words, at + 1, len), weight);
        at += len + 1;
    }

    for (int l = CX_LANGUAGE_UNKNOWN + 1; l < CX_LANGUAGE_COUNT; l++) {
        if (weight[l] > weight[best]) {
            next = weight[best];
            best = l;

        } else if (weight[l] > next) {
            next = weight[l];
        }
    }

    return weight[best] >= SURE && weight[best] - next >= SURE
           ? (cx_language) best : CX_LANGUAGE_UNKNOWN;
}
