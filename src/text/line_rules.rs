//! What the lines of a page say that are not the story: word lists by language, read by `cut`.
//!
//! Every list holds for every page, since publishers mix languages ("You've been subscribed!" under a French article). An
//! expression is folded words; it is looked for in the line's own folded words, never inside one.

/// Where in a line an expression must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The expression is the whole line.
    Whole,
    /// The line begins with it.
    Start,
    /// The line begins with what stands before the `*`, and has the rest somewhere behind it.
    Frame,
    /// It is anywhere in the line.
    Anywhere,
}

/// Expressions of one meaning, in a line of at most `longest` words.
pub(super) struct Expressions {
    pub place: Place,
    pub longest: usize,
    /// Separated by line breaks.
    pub list: &'static str,
}

/// Buttons, and what a page says about its own working.
pub(super) const SHARE: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 7,
        list: "share this
            share on
            share via
            share article
            share the article
            share by email
            partager cet article
            partager sur
            partager l article
            partager par
            partagez cet article
            partagez sur
            artikel teilen
            beitrag teilen
            teilen auf
            teilen sie diesen
            auf facebook teilen
            auf twitter teilen
            auf x teilen
            auf whatsapp teilen
            auf linkedin teilen
            per e mail teilen
            diesen artikel teilen
            compartir este
            compartir en
            compartir por
            compartir articulo
            comparte este
            comparte en
            condividi questo
            condividi su
            condividi l articolo
            condividi via
            partilhar este
            partilhar no
            compartilhe
            compartilhar no
            deel dit artikel
            deel op
            deel via
            dela artikeln
            del artiklen
            udostepnij
            follow us on
            suivez nous sur
            folgen sie uns
            siguenos en
            seguici su
            siga nos
            volg ons op",
    },
    Expressions {
        place: Place::Whole,
        longest: 6,
        list: "share
            partager
            teilen
            compartir
            condividi
            compartilhar
            partilhar
            delen
            dela
            copy link
            copy url
            link copied
            copier le lien
            lien copie
            link kopieren
            link kopiert
            copiar enlace
            enlace copiado
            copia link
            link copiato
            copiar link
            print
            print this article
            imprimer
            drucken
            imprimir
            stampa
            email this article
            envoyer par e mail
            bookmark
            save article
            listen to this article
            ecouter cet article
            artikel anhoren
            escuchar este articulo
            ascolta l articolo
            ascolta la versione audio dell articolo
            facebook
            twitter
            whatsapp
            linkedin
            telegram
            advertisement
            publicite
            anzeige
            werbung
            publicidad
            pubblicita
            publicidade
            advertentie
            annons
            subscribing
            loading
            something went wrong
            abonnement en cours
            quelque chose s est mal passe
            chargement
            anmeldung lauft
            etwas ist schiefgelaufen
            suscribiendo
            algo ha salido mal
            iscrizione in corso
            qualcosa e andato storto",
    },
];

/// The line that asks for a subscription: what follows is the page's, not the story's.
pub(super) const NEWSLETTER: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 16,
        list: "sign up to our
            sign up for our
            sign up to the
            sign up for the
            sign up to get
            sign up here
            subscribe to our
            subscribe now
            subscribe for
            subscribe today
            get our newsletter
            get the day s top stories
            get the latest news
            join our newsletter
            s abonner a la newsletter
            s abonner au
            abonnez vous
            inscrivez vous a la newsletter
            inscrivez vous a notre newsletter
            inscrivez vous gratuitement
            recevez notre newsletter
            recevez gratuitement
            je m abonne
            newsletter abonnieren
            newsletter bestellen
            abonnieren sie
            jetzt abonnieren
            melden sie sich an
            melden sie sich jetzt an
            melden sie sich kostenlos
            melden sie sich fur unseren
            jetzt anmelden
            suscribete
            suscribase
            recibe gratis
            recibe nuestro
            apuntate a nuestra newsletter
            apuntate a nuestro boletin
            apuntate gratis
            iscriviti alla
            iscriviti al nostro
            iscriviti gratis
            abbonati
            ricevi gratis
            ricevi la newsletter
            assine a newsletter
            assine nossa newsletter
            assine a nossa newsletter
            inscreva se na
            subscreva a newsletter
            meld je aan voor
            schrijf je in voor
            abonneer je
            prenumerera pa
            tilmeld dig
            abonner pa vart
            zapisz sie",
    },
    Expressions {
        place: Place::Whole,
        longest: 4,
        list: "newsletter
            newsletters
            our newsletter
            notre newsletter
            unser newsletter
            boletin
            boletines
            nieuwsbrief
            nyhetsbrev
            nyhedsbrev",
    },
];

/// The line above the readers' comments.
pub(super) const COMMENTS: &[Expressions] = &[
    Expressions {
        place: Place::Whole,
        longest: 4,
        list: "comments
            comment
            leave a comment
            post a comment
            view comments
            show comments
            join the conversation
            commentaires
            commenter
            laisser un commentaire
            reagir
            vos reactions
            kommentare
            kommentieren
            kommentar schreiben
            diskutieren sie mit
            comentarios
            deja un comentario
            comentar
            commenti
            lascia un commento
            commenta
            comentario
            deixe um comentario
            reacties
            plaats een reactie
            kommentarer
            komentarze",
    },
    Expressions {
        place: Place::Start,
        longest: 6,
        list: "leave a reply
            commentaires 0
            comments 0",
    },
];

/// The heading of a list of other stories.
pub(super) const OTHER_STORIES: &[Expressions] = &[Expressions {
    place: Place::Whole,
    longest: 7,
    list: "most read
        most popular
        most viewed
        trending
        trending now
        read more
        read next
        read also
        also read
        up next
        more stories
        more from this section
        more on this story
        more on this topic
        more from us
        related
        related stories
        related articles
        related topics
        related content
        related news
        recommended
        recommended for you
        recommended stories
        you may also like
        you might also like
        you may be interested in
        don t miss
        latest news
        top stories
        editor s picks
        a lire aussi
        lire aussi
        a lire egalement
        a voir aussi
        a decouvrir
        les plus lus
        articles les plus lus
        sur le meme sujet
        sur le meme theme
        dans la meme rubrique
        articles similaires
        articles lies
        pour aller plus loin
        ca peut vous interesser
        vous aimerez aussi
        ne manquez pas
        nos derniers articles
        lesen sie auch
        lesen sie mehr
        mehr zum thema
        mehr dazu
        zum thema
        auch interessant
        auch lesenswert
        meistgelesen
        meistgelesene artikel
        am meisten gelesen
        das konnte sie auch interessieren
        weitere artikel
        weitere themen
        verwandte artikel
        verwandte themen
        ahnliche artikel
        aktuelle nachrichten
        lea tambien
        lee tambien
        leer tambien
        lo mas leido
        lo mas visto
        las mas leidas
        mas leidas
        mas informacion
        mas noticias
        noticias relacionadas
        articulos relacionados
        temas relacionados
        te puede interesar
        tambien te puede interesar
        te recomendamos
        no te pierdas
        leggi anche
        leggi pure
        i piu letti
        le piu lette
        articoli correlati
        notizie correlate
        potrebbe interessarti
        potrebbe interessarti anche
        ti potrebbe interessare
        ti potrebbe interessare anche
        ultime notizie
        da non perdere
        leia tambem
        leia mais
        mais lidas
        veja tambem
        lees ook
        lees meer
        meest gelezen
        gerelateerd
        las ocksa
        mest lasta
        laes ogsa
        mest laeste
        les ogsa
        mest leste
        zobacz takze
        czytaj takze",
}];

/// A pointer to one other story within the running text: the line goes, the text goes on.
pub(super) const POINTER: &[Expressions] = &[
    Expressions {
        place: Place::Start,
        longest: 30,
        list: "read also
            also read
            read more
            read next
            see also
            related story
            lire aussi
            a lire aussi
            a lire egalement
            lire egalement
            voir aussi
            a voir aussi
            lesen sie auch
            lesen sie hier
            lesen sie dazu
            lesen sie mehr
            mehr zum thema
            auch interessant
            lea tambien
            lee tambien
            leer tambien
            leggi anche
            leggi pure
            leia tambem
            veja tambem
            lees ook
            las ocksa
            laes ogsa
            les ogsa
            czytaj takze",
    },
    Expressions {
        place: Place::Whole,
        longest: 7,
        list: "continue reading
            read the full story
            read the full article
            read full article
            read more here
            lire la suite
            lire l article
            lire la suite de l article
            weiterlesen
            mehr lesen
            zum artikel
            leer mas
            seguir leyendo
            leer articulo completo
            continua a leggere
            leggi tutto
            leggi l articolo
            leia mais
            continuar lendo
            verder lezen
            las mer
            laes mere
            les mer
            czytaj dalej",
    },
];

/// What software adds below every entry of a feed, and rights notices.
pub(super) const FEED_FOOTER: &[Expressions] = &[
    Expressions {
        place: Place::Frame,
        longest: 45,
        list: "the post * appeared first on
            the post * first appeared on
            this post * appeared first on
            this article * appeared first on
            cet article * est apparu en premier sur
            cet article * est apparu en premier dans
            l article * est apparu en premier sur
            l article * est apparu en premier dans
            der beitrag * erschien zuerst auf
            der beitrag * erschien zuerst bei
            der artikel * erschien zuerst auf
            la entrada * se publico primero en
            la entrada * aparecio primero en
            la entrada * aparece primero en
            l articolo * proviene da
            l articolo * sembra essere il primo su
            o post * apareceu primeiro em
            o conteudo * aparece primeiro em
            het bericht * verscheen eerst op
            inlagget * dok forst upp pa
            wpis * pojawil sie poczatkowo na",
    },
    Expressions {
        place: Place::Anywhere,
        longest: 20,
        list: "all rights reserved
            tous droits reserves
            alle rechte vorbehalten
            todos los derechos reservados
            tutti i diritti riservati
            riproduzione riservata
            todos os direitos reservados
            alle rechten voorbehouden",
    },
];
