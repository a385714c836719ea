# Every route that changes something leaves a line in the audit: all of them
# are walked, none may be forgotten.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(json);
use Connext::Tenants qw(routes);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'auto'],
                      worker => { 'hooks.allow_private' => 'on',
                                  'hooks.retry_ms' => 40 });
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
write_file($cx->path('keys'), 'k1 ' . encode_base64('k' x 32), 0600);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', agent => { threshold => 1 },
            channel => { settings => { rate => '100000', waba => '1022' } });

my $double = "http://127.0.0.1:$cx->{double_port}";
my %walked;


sub lines {
    my ($n, $cursor) = (0, '');

    do {
        my $page = $cx->api('GET', '/api/v1/audit?limit=200'
                            . ($cursor ? "&cursor=$cursor" : ''));
        $n += @{$page->{data}};
        $cursor = $page->{next_cursor};
    } while ($cursor);

    return $n;
}


# Calls a route, and counts what the audit gained.
sub walk {
    my ($method, $path, $ids, $body, $type) = @_;

    my $url = $path;
    $url =~ s/\{\}/$_/ for ref $ids ? @$ids : defined $ids ? $ids : ();
    my $before = lines();
    my $res = $cx->api_raw('worker', $method, $url,
                           ref $body ? json()->encode($body) : $body, $type);
    like($res->{status}, qr/^2/, "$method $path") or diag($res->{body});
    my $gained = lines() - $before;
    cmp_ok($gained, '>=', 1, '... is in the audit');
    cmp_ok($gained, '<=', 2, '... once or twice');
    $walked{$method . ' ' . ($path =~ s/\?.*//r)} = 1;
    return $res->{body} ? json()->decode($res->{body}) : {};
}


sub list { return @{$cx->api('GET', $_[0])->{data}} }


my $v = '/api/v1';

# --- settings ----------------------------------------------------------------

walk('POST', "$v/agents", undef, { name => 'spare' });
walk('PATCH', "$v/agents/{}", 'spare', { threshold => 0.5 });
walk('PUT', "$v/agents/{}", 'spare', { name => 'spare', prompt => 'Be kind.' });
walk('POST', "$v/agents/{}/versions/{}/restore", ['spare', 1]);
my $file = walk('POST', "$v/agents/{}/knowledge?name=a.md", 'spare',
                "# A\n\nA passage.\n", 'text/plain');
walk('DELETE', "$v/knowledge/{}", $file->{id});
walk('POST', "$v/groups", undef,
     { name => 'team', members => [{ agent => 'spare' }] });
walk('PATCH', "$v/groups/{}", 'team', { name => 'crew' });
walk('DELETE', "$v/groups/{}", 'crew');
my $rule = walk('POST', "$v/routes", undef, { name => 'r', words => 'w' });
walk('PATCH', "$v/routes/{}", $rule->{id}, { name => 'rr' });
walk('DELETE', "$v/routes/{}", $rule->{id});
walk('DELETE', "$v/agents/{}", 'spare');
walk('POST', "$v/channels", undef,
     { name => 'spare', type => 'whatsapp', account => '1',
       credentials => { token => 'x' } });
walk('PATCH', "$v/channels/{}", 'spare', { active => JSON::PP::false });
walk('DELETE', "$v/channels/{}", 'spare');
walk('POST', "$v/secrets/rotate");
walk('POST', "$v/retention/run", undef, { dry_run => JSON::PP::true });
my $quick = walk('POST', "$v/quick-replies", undef,
                 { name => 'q', text => 'Hello' });
walk('PATCH', "$v/quick-replies/{}", $quick->{id}, { text => 'Hi' });
walk('DELETE', "$v/quick-replies/{}", $quick->{id});
my $price = walk('POST', "$v/prices", undef, { provider => 'openai',
    model => 'm', price_in => 1, price_out => 1 });
walk('PATCH', "$v/prices/{}", $price->{id}, { price_in => 2 });
walk('DELETE', "$v/prices/{}", $price->{id});
my $budget = walk('POST', "$v/budgets", undef, { name => 'b', limit => 1 });
walk('PATCH', "$v/budgets/{}", $budget->{id}, { limit => 2 });
walk('DELETE', "$v/budgets/{}", $budget->{id});

# --- people and keys ---------------------------------------------------------

my $user = walk('POST', "$v/users", undef,
                { email => 'ann@example.com', role => 'agent' });
walk('PATCH', "$v/users/{}", $user->{id}, { name => 'Ann' });
my $key = walk('POST', "$v/keys", undef, { name => 'k', role => 'viewer' });
walk('DELETE', "$v/keys/{}", $key->{id});
walk('DELETE', "$v/users/{}", $user->{id});
my $tenant = walk('POST', "$v/tenants", undef, { name => 'more' });
walk('PATCH', "$v/tenants/{}", $tenant->{id}, { title => 'More' });

# --- conversations -----------------------------------------------------------

$cx->script({ match => { kind => 'other', path => '/hook' }, times => -1,
              do => { act => 'ok', status => 200, body => {} } });
my $hook = walk('POST', "$v/hooks", undef,
                { url => "$double/v21.0/hook", events => 'review.created' });

for my $n (1 .. 3) {
    $cx->say(from => 16505550000 + $n, text => "Question $n?");
    ok($cx->wait_for(10, sub { list("$v/reviews") == $n }), "a draft, $n");
}

my ($one, $two, $three) = map { $_->{id} } list("$v/reviews");
my ($told) = $cx->wait_for(10, sub { list("$v/hooks/$hook->{id}/deliveries") })
             ? list("$v/hooks/$hook->{id}/deliveries") : ({ id => 'none' });
walk('POST', "$v/reviews/{}/claim", $one, { who => 'ann' });
walk('POST', "$v/reviews/{}/release", $one, { who => 'ann' });
my $approved = walk('POST', "$v/reviews/{}/approve", $one, {});
my ($sent) = grep { $_->{author} eq 'ai' }
             list("$v/conversations/$approved->{conversation}/messages");
walk('POST', "$v/messages/{}/label", $sent->{id}, { label => 'wrong' });
walk('POST', "$v/reviews/{}/edit", $two, { text => 'Edited' });
walk('POST', "$v/reviews/{}/reject", $three, { reason => 'no' });
ok($cx->wait_for(10, sub {
       my ($d) = grep { $_->{id} eq $told->{id} }
                 list("$v/hooks/$hook->{id}/deliveries");
       return $d && $d->{state} ne 'waiting';
   }), 'a hook was called');
walk('POST', "$v/hook-deliveries/{}/resend", $told->{id});
walk('PATCH', "$v/hooks/{}", $hook->{id}, { active => JSON::PP::false });
walk('DELETE', "$v/hooks/{}", $hook->{id});

my ($talk, $other) = map { $_->{id} } list("$v/conversations");
walk('PATCH', "$v/conversations/{}", $talk, { bot => 'off' });
walk('POST', "$v/conversations/{}/take", $talk, { who => 'ann' });
walk('POST', "$v/conversations/{}/give", $talk, {});

# Sends that fail, to be sent again, cancelled, retried and dropped.
for my $n (1 .. 4) {
    $cx->script({ match => { kind => 'graph', text => "fails $n" }, times => -1,
                  do => { status => 400, body => { error => {
                      code => 131026, type => 'x', message => 'no' } } } });
    walk('POST', "$v/conversations/{}/messages", $talk,
         { text => "fails $n" });
    ok($cx->wait_for(10, sub { list("$v/dead-letters") == $n }),
       "a send that fails, $n");
}

my @letters = map { $_->{id} } list("$v/dead-letters");
my @failed = map { $_->{id} } list("$v/messages?state=failed");
walk('POST', "$v/dead-letters/{}/drop", $letters[0], {});
walk('POST', "$v/dead-letters/{}/retry", $letters[1], {});
my %retried = map { $_->{ref} => 1 }
              map { $cx->api('GET', "$v/dead-letters/$_") } @letters[0, 1];
my @rest = grep { !$retried{$_} } @failed;
walk('POST', "$v/messages/{}/resend", $rest[0], {});
walk('POST', "$v/messages/{}/cancel", $rest[1], {});

$cx->script({ match => { kind => 'other', path => 'message_templates' },
              do => { act => 'ok', status => 200, body => { data => [] } } });
walk('POST', "$v/channels/{}/templates/sync", 'wa-main', {});

# --- customers ---------------------------------------------------------------

my ($a, $b) = map { $_->{id} } list("$v/customers");
walk('PATCH', "$v/customers/{}", $a, { note => 'regular' });
walk('POST', "$v/customers/{}/reveal", $a, { fields => ['phone', 'name'] });
walk('POST', "$v/customers/{}/merge", $a, { with => $b });
walk('POST', "$v/customers/{}/split", $a, {});
my $before = lines();
is($cx->api_raw('worker', 'GET', "$v/customers/$a/export")->{status}, 200,
   'an export');
is(lines(), $before + 1, '... is in the audit');
walk('DELETE', "$v/customers/{}", $a);

# --- all of them -------------------------------------------------------------

# Questions about rules, files and agents are sent as a body, and change
# nothing.  A fit with few labels neither; one with many is a change of the
# agent (t/e2e/confidence.t).
my %asks = map { ("POST $v/$_" => 1) }
           qw(routes/test agents/{}/fit agents/{}/ask
              agents/{}/knowledge/preview);
my @all = grep { !$asks{$_} }
          map { "$_->{method} $_->{path}" }
          grep { $_->{method} ne 'GET' } routes();
cmp_ok(scalar(@all), '>=', 45, 'the routes are known');
is(join(', ', grep { !$walked{$_} } sort @all), '', 'all of them were walked');

# --- reading it --------------------------------------------------------------

my @of = list("$v/audit?ref=$a");
is($of[0]{what}, 'customer.erase', 'by its subject, the newest first');
is($of[0]{who}, 'operator', '... who it was');
ok(!grep({ $_->{ref} ne $a } @of), '... and nothing else');
is($cx->api_raw('worker', 'PATCH', "$v/audit", '{}')->{status}, 405,
   'no line is changed');
my ($code, $out) = $cx->ctl('audit', '--ref', $a);
like($out, qr/customer\.reveal phone name/, 'connextctl shows it');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
