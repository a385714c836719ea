# Knowledge through a real worker: preview and errors by line, other
# encodings, a file that is replaced while it serves, one that is cut off by a
# crash, vectors of any OpenAI-compatible endpoint.

use strict;
use warnings;
use utf8;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(json);
use Encode qw(encode);
use Test::More;

binmode Test::More->builder->$_, ':utf8' for qw(output failure_output);

my $cx = Connext->new->start(qw(redis nginx double worker));
$cx->set_up(no_knowledge => 1);


sub files {
    return @{$cx->api('GET', '/api/v1/agents/desk/knowledge')->{data}};
}


sub found {
    my ($q) = @_;

    $q = encode('UTF-8', $q);
    $q =~ s/([^\w ])/sprintf '%%%02X', ord $1/gea;
    $q =~ s/ /+/g;
    return @{$cx->api('GET', "/api/v1/agents/desk/search?q=$q")->{data}};
}


sub file {
    my ($name, $text) = @_;

    write_file($cx->path($name), $text);
    return $cx->path($name);
}


# --- what a file is ----------------------------------------------------------

my $menu = file('menu.csv', encode('cp1252', <<'_END'));
Frage;Antwort;Bereich
Was kostet Frühstück?;Das Frühstück kostet 12 €.;Küche
Gibt es Crêpes?;"Ja, am Sonntag;
mit Zucker";Küche
_END

my ($code, $out) = $cx->ctl('knowledge', 'preview', $menu);
is($code, 0, 'a preview');
like($out, qr/^encoding\s+windows-1252$/m, 'the encoding is found');
like($out, qr/^delimiter\s+;$/m, 'and what separates fields');
like($out, qr/^column 2\s+Antwort \(answer\)$/m, 'and the columns');
like($out, qr/12 \xe2\x82\xac/, 'the text is right');
is(scalar files(), 0, 'nothing is kept');

my $bad = file('bad.csv', "question,answer\na,b\nc,d,e\nf,\"g\nh");
($code, $out) = $cx->ctl('knowledge', 'preview', $bad);
is($code, 7, 'a preview of what is wrong');
like($out, qr/bad\.csv:3: 3 fields where the first row has 2; put/,
     'says where, what and how to put it right');
like($out, qr/bad\.csv:4: .*never closed/, 'all of it');
($code, $out) = $cx->ctl('knowledge', 'add', $bad);
is($code, 7, 'it is not added');
like($out, qr/bad\.csv:3: .*\(and 1 more/, 'by its line');
is(scalar files(), 0, 'nothing of it');

($code, $out) = $cx->ctl('knowledge', 'add', $menu);
is($code, 0, 'a file is added');
my ($f) = files();
is($f->{state}, 'ready', 'and ready');
is($f->{progress}, 100, 'wholly');
is($f->{encoding}, 'windows-1252', 'its encoding is told');
my ($hit) = found('fruhstuck kosten');
like($hit->{text}, qr/12 €/, 'it is found without accents, in another form');
like($hit->{question}, qr/\(Bereich: Küche\)$/, 'the other column beside it');
ok($hit->{score} > 0 && $hit->{score} <= 1, 'a score');

($code, $out) = $cx->ctl(qw(knowledge preview --answer-col Bereich
                            --question-col 1), $menu);
like($out, qr/^column 3\s+Bereich \(answer\)$/m, 'columns are chosen');
($code) = $cx->ctl(qw(knowledge preview --answer-col Preis), $menu);
is($code, 7, 'of those that are there');


# --- sources and scores ------------------------------------------------------

$cx->say(from => 16505551101, id => 'wamid.k1',
         text => 'Was kostet das Frühstück?');
ok($cx->wait_for(10, sub { scalar $cx->ledger }), 'a customer is answered');
my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}};
my @m = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")->{data}};
is($m[-1]{sources}[0]{source}, 'menu.csv', 'the source is on record');
is($m[-1]{sources}[0]{position}, 1, 'and where in it');
ok($m[-1]{sources}[0]{score} > 0, 'and its score');
is_deeply($m[0]{sources}, [], 'a question has none');


# --- replacing ---------------------------------------------------------------

($code) = $cx->ctl('knowledge', 'replace', file('other.txt', "Nothing.\n"));
is($code, 5, 'what is not there is not replaced');

my $big = "question;answer\n"
          . join '', map { "Room $_?;Room number $_ has a view of lake "
                           . ('a' .. 'z')[$_ % 26] . "$_ and a balcony.\n" }
                     1 .. 20000;
($code, $out) = $cx->ctl('knowledge', 'replace', '--wait', 'off',
                         file('menu.csv', $big));
is($code, 0, 'it is replaced in the background');
ok($cx->wait_for(20, sub { my @f = files();
                           @f == 1 && $f[0]{state} eq 'ready' }),
   'and ready after a while');
($f) = files();
is($f->{chunks}, 20000, 'all of it');
($hit) = found('balcony of room 19999');
like($hit->{text}, qr/19999/, 'is found');
is(scalar(grep { $_->{text} =~ /€/ } found('Frühstück kostet')), 0,
   'and what it was is not');

# Cut off in the middle: the old version goes on serving.
$cx->stop('worker');
$cx->failpoint('knowledge.piece=kill:2')->start('worker');
ok($cx->wait_for(20, sub { ($cx->api_raw('worker', 'GET', '/readyz')
                                ->{status} // 0) == 200 }), 'a worker');
$cx->api_raw('worker', 'POST', '/api/v1/agents/desk/knowledge?name=menu.csv',
             $big =~ s/lake/sea/gr, 'text/plain');
ok($cx->wait_for(10, sub { $cx->gone('worker') }), 'that dies while it writes');
$cx->start('worker');
my ($old) = grep { $_->{state} eq 'ready' } files();
is($old->{id}, $f->{id}, 'the old version is there');
($hit) = found('balcony of room 777');
like($hit->{text}, qr/777 has a view of lake/, 'and found');
my ($new) = grep { $_->{state} ne 'ready' } files();
is($new->{state}, 'indexing', 'the other one stands still');
ok($new->{progress} < 100, 'half done');
is($cx->api_raw('worker', 'DELETE', "/api/v1/knowledge/$new->{id}")
      ->{status}, 204, 'it can be taken away');
($code, $out) = $cx->ctl('knowledge', 'replace',
                         file('menu.csv', "question,answer\nPool?,Heated.\n"));
is($code, 0, 'or replaced');
is(scalar files(), 1, 'one is left');


# --- by meaning --------------------------------------------------------------

my $double = "http://127.0.0.1:$cx->{double_port}";
$cx->api('PATCH', '/api/v1/agents/desk', {
    embed_url => "$double/v1", embed_model => 'double-embed' });
my $words = file('words.txt', join "\n\n",
                 'Zebra giraffe lion elephant.', 'Hammer saw nail drill.',
                 map { "Filler paragraph number $_ about nothing." } 1 .. 60);
($code) = $cx->ctl('knowledge', 'add', $words);
ok($cx->wait_for(20, sub { !grep { $_->{embedded} < $_->{chunks} } files() }),
   'vectors of all passages');
is((files())[0]{embed_model}, 'double-embed', 'of that model');

my $before = @{$cx->double('GET', '/_/requests?kind=embedding')->{requests}};
ok($before >= 3, 'in batches');
$cx->say(from => 16505551102, id => 'wamid.k2',
         text => 'Is there a hammer and a saw?');
ok($cx->wait_for(10, sub { 2 <= scalar $cx->ledger }), 'a question');
like(($cx->ledger)[-1]{text}, qr/^Hammer saw/, 'is answered');
ok(@{$cx->double('GET', '/_/requests?kind=embedding')->{requests}} > $before,
   'by its vector, too');

# Without the endpoint in time, words alone do.
$cx->double('POST', '/_/script', { match => { kind => 'embedding' },
                                   times => -1, do => { status => 500 } });
$cx->say(from => 16505551103, id => 'wamid.k3', text => 'zebra or giraffe?');
ok($cx->wait_for(10, sub { 3 <= scalar $cx->ledger }), 'while it fails');
like(($cx->ledger)[-1]{text}, qr/^Zebra/, 'words alone do');

$cx->finish;
done_testing();
