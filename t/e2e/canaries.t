# Secrets, texts and numbers are planted everywhere and must come out nowhere
# but where they belong: not in a log, an error page, a status, a metric.

use strict;
use warnings;

use Connext;
use Connext::Corpus qw(body request);
use Connext::Sample qw(delivery text_message);
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'auto'],
                      worker => { 'log.level' => 'debug' })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);

my $phone = '16505554821';
my $text = 'canary-text-of-a-customer';
my $name = 'Canary Name';
my $token = $Connext::SECRET{verify_token};
my @pages;


sub get {
    my ($path) = @_;

    my $res = $cx->http->request('GET', $path);
    push @pages, $res->{body} // '';
    return $res->{status};
}


sub say_and_keep {
    my ($body, %headers) = @_;

    my $res = $cx->post($body, %headers);
    push @pages, $res->{body} // '';
    return $res->{status};
}


# What goes well.
is(get("/hooks/wa-main?hub.mode=subscribe&hub.verify_token=$token"
       . '&hub.challenge=1'), 200, 'a challenge');
my $good = delivery(name => $name, messages => [
    text_message(from => $phone, id => 'wamid.canary1', text => $text)]);
is(say_and_keep($good), 200, 'a message');
ok($cx->wait_for(10, sub { grep { $_->{text} =~ /$text/ } $cx->ledger }),
   'an answer');

# What does not.
is(get("/hooks/wa-main?hub.mode=nonsense&hub.verify_token=$token"
       . '&hub.challenge=1'), 403, 'a challenge with the token, refused');
is(get("/hooks/wa-main?hub.mode=subscribe&hub.verify_token=$token"
       . '&hub.challenge=%3Cscript%3E'), 400, 'another');
is(say_and_keep($good, 'X-Hub-Signature-256'
                => "sha256=$Connext::SECRET{app_secret}"), 401,
   'a signature that is the secret');
is(say_and_keep(substr($good, 0, -2)), 200, 'a body that cannot be read');
is(say_and_keep(delivery(messages => [{ from => $phone, id => 7,
   type => 'text', text => { body => $text } }])), 200, 'an id of a number');
push @pages, $cx->http->raw(request(body => $good, headers => {
    'Content-Length' => ['1', '2'] }), seconds => 2);
push @pages, $cx->http->raw(request(body => $good, headers => {
    'Content-Length' => 9_000_000 }), seconds => 2);

# Providers that refuse, and say the customer's number back.
$cx->script({ match => { kind => 'graph' }, times => 1, do => {
    status => 400, body => { error => { code => 131026, type => 'x',
    message => "cannot reach +$phone", error_data => {
    details => "Message to $phone undeliverable: $text" } } } } },
    { match => { kind => 'model', text => 'fail' }, times => 1, do => {
      status => 400, body => { error => { message => "no: $text fail",
      type => 'invalid_request_error', code => 'x' } } } });
$cx->say(from => $phone, text => "$text refused");
ok($cx->wait_for(10, sub {
       @{$cx->api('GET', '/api/v1/dead-letters')->{data}} == 1;
   }), 'a refused send');
$cx->say(from => $phone, text => "$text fail");
ok($cx->wait_for(10, sub { my @l = $cx->ledger; @l == 2 }),
   'a model that refuses');

# Redis away.
$cx->stop('redis');
is(say_and_keep(body(from => $phone, text => $text)), 503, 'Redis away');
$cx->start('redis');

# What a person may look at.
get($_) for '/connext/status', '/connext/metrics', '/connext/ready',
            '/connext/live', '/nothing-here';
push @pages, ($cx->api_raw('worker', 'GET', $_))->{body}
    for '/api/v1/status', '/healthz', '/readyz', '/api/v1/channels',
        '/api/v1/agents', '/api/v1/nothing';

$cx->api_raw('worker', 'POST', '/api/v1/channels',
             qq({"name":"x","type":"whatsapp","token_file":"$token"));
$cx->stop('worker');
$cx->stop('nginx');

my %canary = (
    'the app secret'   => qr/canary-app-secret/,
    'the verify token' => qr/canary-verify-token/,
    'the access token' => qr/canary-access-token/,
    'the model\'s key' => qr/canary-api-key/,
    'a text'           => qr/$text/,
    'a phone number'   => qr/6505554821/,
    'a name'           => qr/$name/,
);

my %where = ('the pages' => join("\n", @pages));
$where{$_} = Connext::Process::read_file($_) for glob $cx->path('logs/*');
delete $where{$cx->path('logs/double.log')};

for my $what (sort keys %canary) {
    my @found = grep { $where{$_} =~ $canary{$what} } sort keys %where;
    is("@found", '', "$what is in no log and on no page")
        or diag(map { (grep { $_ =~ $canary{$what} }
                       split /^/, $where{$_})[0] } @found);
}

cmp_ok(length join('', values %where), '>', 3000, 'and there was something '
       . 'to look at');
$cx->finish;
done_testing();
