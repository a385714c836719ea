# Two tenants with the same kind of things and the same customer: of one
# nothing is seen by the other, on any route, and nothing can be changed.

use strict;
use warnings;

use Connext;
use Connext::Process qw(write_file);
use Connext::Sample qw(customer json);
use Connext::Tenants qw(routes tenant);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'auto'],
                      worker => { 'log.level' => 'debug' });
$cx->{conf}{'api.http_socket'} = $cx->path('front.sock');
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
write_file($cx->path('keys'), 'k1 ' . encode_base64('k' x 32), 0600);
$cx->start(qw(redis nginx double worker));

my $double = "http://127.0.0.1:$cx->{double_port}";
my %t = map { $_ => tenant($cx, $_) } qw(alpha beta);
my ($alpha, $beta) = @t{qw(alpha beta)};
my $guest = customer(1);

# --- the same kind of things in both --------------------------------------------

my %account = (alpha => '20000000000001', beta => '20000000000002');
my %people = (alpha => '20000000000011', beta => '20000000000012');


# Every text of a tenant holds its name: a canary.
sub furnish {
    my ($t) = @_;

    my $n = $t->{name};
    write_file($cx->path("token-$n"), "canary-token-$n\n", 0600);
    my %channel = (type => 'whatsapp', base_url => "$double/v21.0",
                   token_file => $cx->path("token-$n"),
                   settings => { rate => '100000' });

    $t->{agent} = $t->api('POST', '/api/v1/agents', {
        name => 'desk', prompt => "canary-$n-prompt", threshold => 0.3,
        handoff => "canary-$n-handoff" });
    $t->{file} = $t->api('POST', '/api/v1/agents/desk/knowledge?name=faq.csv',
        "question,answer\nIs there parking?,canary-$n-parking is free.\n",
        'Content-Type' => 'text/plain');
    $t->{channel} = $t->api('POST', '/api/v1/channels', {
        %channel, name => "wa-$n", account => $account{$n},
        agent => 'desk' });
    $t->api('POST', '/api/v1/channels', {
        %channel, name => "people-$n", account => $people{$n} });
    $t->{group} = $t->api('POST', '/api/v1/groups', {
        name => 'team', members => [{ agent => 'desk' }] });
    $t->{route} = $t->api('POST', '/api/v1/routes', {
        name => 'first', words => "canary-$n-word" });
    $t->{hook} = $t->api('POST', '/api/v1/hooks', {
        url => "https://canary-$n.invalid/", events => 'review.created' });
    $t->{quick} = $t->api('POST', '/api/v1/quick-replies', {
        name => 'hours', text => "canary-$n-quick" });
    $t->{price} = $t->api('POST', '/api/v1/prices', {
        provider => 'openai', model => "canary-$n-model", price_in => 1,
        price_out => 2 });
    $t->{budget} = $t->api('POST', '/api/v1/budgets', {
        name => "canary-$n-budget", limit => 1000000 });
    $t->{user} = $t->api('POST', '/api/v1/users', {
        email => "ann\@$n.example", role => 'agent', name => "Canary $n" });
    $t->{apikey} = $t->api('POST', '/api/v1/keys', {
        name => "canary-$n-key", role => 'viewer',
        user => $t->{user}{id}, days => 1 });
    return;
}


# A customer asks, is answered; another question waits for a person; a send
# fails.
sub talk {
    my ($t) = @_;

    my ($n, %who) = ($t->{name}, from => $guest, name => "Guest $t->{name}");
    is($t->say($account{$n}, %who, text => 'Is there parking?'), 200,
       "$n: a question");
    ok($cx->wait_for(10, sub {
        grep { $_->{text} =~ /canary-$n-parking/ } $cx->ledger }),
       "$n: answered from its own knowledge");
    is($t->say($people{$n}, %who, text => "canary-$n-question"), 200,
       "$n: one for people");
    ok($cx->wait_for(10, sub { $t->list('/api/v1/reviews') }),
       "$n: it waits");
    ok($cx->wait_for(10, sub {
        $t->list("/api/v1/hooks/$t->{hook}{id}/deliveries") }),
       "$n: which is told");
    ($t->{conversation}) = grep { $_->{channel} eq "wa-$n" }
                           $t->list('/api/v1/conversations');
    is($t->say($account{$n}, %who, message => {
        from => "$guest", id => "wamid.$n.image", timestamp => '' . time,
        type => 'image', image => { id => '77', mime_type => 'image/png',
                                    sha256 => 'x' } }), 200,
       "$n: a picture");
    $cx->script({ match => { kind => 'graph', text => "canary-$n-fails" },
                  do => { status => 400, body => { error => {
                      code => 131026, type => 'x',
                      message => 'undeliverable' } } } });
    $t->api('POST', "/api/v1/conversations/$t->{conversation}{id}/messages",
            { text => "canary-$n-fails" });
    ok($cx->wait_for(10, sub { $t->list('/api/v1/dead-letters') }),
       "$n: a send that fails");
    return;
}


furnish($_), talk($_) for $alpha, $beta;


# --- what the other's routes say ------------------------------------------------

# The ids of a tenant, by the segment of the path before "{}".
sub ids {
    my ($t) = @_;

    my $cv = $t->{conversation}{id};
    my ($in) = grep { $_->{direction} eq 'in' }
               $t->list("/api/v1/conversations/$cv/messages");
    my ($image) = grep { $_->{content} eq 'image' }
                  $t->list("/api/v1/conversations/$cv/messages");
    my ($media) = $t->list("/api/v1/messages/$image->{id}/media");
    my ($review) = $t->list('/api/v1/reviews');
    my ($letter) = $t->list('/api/v1/dead-letters');
    my ($customer) = $t->list('/api/v1/customers');
    my ($told) = $t->list("/api/v1/hooks/$t->{hook}{id}/deliveries");
    my $me = $t->api('GET', '/api/v1/me');

    return (
        agents => $t->{agent}{id}, channels => $t->{channel}{name},
        knowledge => $t->{file}{id}, groups => $t->{group}{id},
        routes => $t->{route}{id}, conversations => $cv,
        messages => $in->{id}, events => $in->{event},
        media => $media->{id}, reviews => $review->{id},
        'dead-letters' => $letter->{id}, customers => $customer->{id},
        users => $t->{user}{id}, keys => $t->{apikey}{id},
        tenants => $me->{tenant}, hooks => $t->{hook}{id},
        'hook-deliveries' => $told->{id},
        'quick-replies' => $t->{quick}{id},
        prices => $t->{price}{id}, budgets => $t->{budget}{id},
    );
}


my %id = (alpha => { ids($alpha) }, beta => { ids($beta) });

# What a route needs to come as far as the thing it is about.
my %body = (
    'PATCH agents' => { threshold => 0.9 },
    'PUT agents' => { name => 'mine' },
    'POST ask' => { question => 'Is there parking?' },
    'POST fit' => { target => 0.02 },
    'POST label' => { label => 'wrong' },
    'PATCH channels' => { active => JSON::PP::false },
    'PATCH groups' => { name => 'mine' },
    'PATCH routes' => { name => 'mine' },
    'PATCH users' => { name => 'mine' },
    'PATCH tenants' => { title => 'mine' },
    'PATCH customers' => { name => 'mine' },
    'PATCH hooks' => { active => JSON::PP::false },
    'PATCH quick-replies' => { text => 'mine' },
    'PATCH prices' => { price_in => 1 },
    'PATCH budgets' => { limit => 1 },
    'POST reveal' => { fields => ['phone'] },
    'PATCH conversations' => { bot => 'off' },
    'POST edit' => { text => 'mine' },
    'POST take' => { who => 'me' },
    'POST messages' => { text => 'mine' },
    'POST merge' => { with => $id{beta}{customers} },
    'POST knowledge' => "# mine\n\nA passage.\n",
    'POST preview' => "# mine\n\nA passage.\n",
);

my %query = ('GET search' => '?q=parking',
             'POST knowledge' => '?name=mine.md',
             'POST preview' => '?name=mine.md');


sub fill {
    my ($route, $whose) = @_;

    my ($resource) = $route->{path} =~ m{([^/]+)/\{\}} or return $route->{path};
    my ($last) = $route->{path} =~ m{([^/]+)$};
    my $id = $id{$whose}{$resource};
    ok(defined $id, "an id for $route->{path}") if !defined $id;
    # A second one is the number of a version.
    return $route->{path} =~ s/\{\}/$id/r =~ s/\{\}/1/r
           . ($query{"$route->{method} $last"} // '');
}


sub body_of {
    my ($route) = @_;

    return undef if $route->{method} =~ /^(?:GET|DELETE)$/;
    my ($resource) = $route->{path} =~ m{([^/]+)/\{\}};
    my ($last) = $route->{path} =~ m{([^/]+)$};
    $last = $resource if $last eq '{}';
    return $body{"$route->{method} $last"} // {};
}


# What must not be seen: every text and id of that tenant.
sub traces {
    my ($n) = @_;

    my $ids = join '|', map { quotemeta } grep { !/^wa-/ } values %{$id{$n}};
    return qr/canary-\Q$n\E|canary \Q$n\E|guest \Q$n\E|wa-\Q$n\E
              |people-\Q$n\E|$account{$n}|$people{$n}|\@\Q$n\E\.|$ids/xi;
}


my %told;       # tenant => what it was answered, all of it


sub tries {
    my ($t, $route, $path, $body) = @_;

    my %type = ref $body ? () : defined $body
               ? ('Content-Type' => 'text/plain') : ();
    my $res = $t->ask($route->{method}, $path, $body, %type);
    $told{$t->{name}} .= ($res->{body} // '') . "\n";
    return $res;
}


my @routes = grep { defined $_->{scope} } routes();
cmp_ok(scalar(@routes), '>=', 60, 'the routes are known');

for my $pair ([$beta, 'alpha'], [$alpha, 'beta']) {
    my ($t, $other) = @$pair;

    for my $r (@routes) {
        my $mine = $r->{path} !~ /\{\}/;
        next if $mine && $r->{method} ne 'GET';
        my $res = tries($t, $r, fill($r, $other), body_of($r));
        my $want = $r->{scope} =~ /^admin/ ? 403 : $mine ? 200 : 404;
        is($res->{status}, $want, "$t->{name}: $r->{method} $r->{path}")
            or diag($res->{body});
    }

    unlike($told{$t->{name}}, traces($other),
           "... and nothing of $other is in the answers");
    like($told{$t->{name}}, traces($t->{name}), '... but its own is');
}

# Everything is as it was.
is_deeply([map { my %now = ids($t{$_}); \%now } qw(alpha beta)],
          [@id{qw(alpha beta)}], 'nothing has changed');
is($alpha->api('GET', '/api/v1/agents/desk')->{threshold}, 0.3,
   'no field of an agent');
is(scalar($alpha->list('/api/v1/reviews')), 1, 'the review still waits');
is($alpha->api('GET', '/api/v1/agents/desk/versions/1')->{agent}{prompt},
   'canary-alpha-prompt', 'a version of an agent is its own tenant\'s');

# --- keys ------------------------------------------------------------------------

my %narrow = map {
    $_ => $alpha->with_key($alpha->api('POST', '/api/v1/keys', {
        name => $_, role => 'viewer', scopes => "$_:read" })->{key})
} qw(channels templates);
my $bare = $alpha->with_key(undef);
my $guess = $alpha->with_key($alpha->{key} =~ s/.$/x/r =~ tr/x/0/r);
$guess->{key} = $alpha->{key} =~ s/0$/1/r if $guess->{key} eq $alpha->{key};
my $unknown = $alpha->with_key('cxk_' . '0' x 12 . '_' . '0' x 64);

for my $r (@routes) {
    my ($path, $body) = (fill($r, 'alpha'), body_of($r));
    my $none = $bare->ask($r->{method}, $path, $body);
    is("$none->{status} " . ($none->{headers}{'www-authenticate'} // ''),
       '401 Bearer', "without a key: $r->{method} $r->{path}");
    next if $r->{scope} eq '';

    my $key = $narrow{$r->{scope} eq 'channels:read' ? 'templates'
                                                     : 'channels'};
    my $res = $key->ask($r->{method}, $path, $body);
    is($res->{status}, 403, "... without $r->{scope}") or diag($res->{body});
    like($res->{body}, qr/"this needs the scope \Q$r->{scope}\E"/,
         '... which is named');
}

is($bare->ask('GET', '/healthz')->{status}, 200, 'health is for everybody');
is($guess->ask('GET', '/api/v1/me')->{status}, 401, 'a wrong key');
is($unknown->ask('GET', '/api/v1/me')->{body},
   $guess->ask('GET', '/api/v1/me')->{body}, '... is as an unknown one');
is($cx->api_raw('worker', 'GET', '/api/v1/me')->{status}, 200,
   'the operator needs none');

sub more {
    my ($as, %what) = @_;

    return $as->ask('POST', '/api/v1/keys',
                    { name => 'more', role => 'viewer', %what })->{status};
}


my $admin = $alpha->with_key($alpha->api('POST', '/api/v1/keys', {
    name => 'admin', role => 'admin',
    scopes => 'keys:write reviews:read users:write' })->{key});
is(more($admin, scopes => 'reviews:read'), 201, 'a key makes one that may less');
is(more($admin, scopes => 'channels:read'), 403, '... none that may else');
is(more($admin), 403, '... nor all that a role may');
is(more($admin, role => 'owner', scopes => 'reviews:read'), 403,
   '... of no higher role');
is(more($admin, scopes => 'admin:read'), 400, '... nor beyond its role');
is($admin->ask('POST', '/api/v1/users',
               { email => 'x@alpha.example', role => 'owner' })->{status}, 403,
   'nor does it make an owner');
is($alpha->ask('DELETE', "/api/v1/users/$id{alpha}{users}")->{status}, 204,
   'a user leaves');
ok(!$alpha->api('GET', "/api/v1/users/$id{alpha}{users}")->{active},
   '... and stays on record');

# --- naming the other's things --------------------------------------------------

sub refused {
    my ($want, $method, $path, $what, $name) = @_;

    is($beta->ask($method, $path, $what)->{status}, $want, $name);
}


refused(400, 'PATCH', '/api/v1/channels/wa-beta',
        { agent => $id{alpha}{agents} }, 'a channel with the other\'s agent');
refused(400, 'POST', '/api/v1/keys',
        { name => 'x', role => 'agent', user => $id{alpha}{users} },
        'a key of the other\'s user');
refused(400, 'GET', '/api/v1/conversations?channel=wa-alpha', undef,
        'the conversations of the other\'s channel');
refused(404, 'POST', "/api/v1/customers/$id{beta}{customers}/merge",
        { with => $id{alpha}{customers} }, 'the other\'s customer as one own');
refused(409, 'POST', '/api/v1/channels',
        { name => 'wa-alpha', type => 'whatsapp', account => '9' },
        'a name of the edge is taken');
is($beta->ask('GET', '/api/v1/agents', undef,
              'Connext-Tenant' => 'alpha')->{status}, 403,
   'a key does not choose its tenant');

# --- one customer, two tenants --------------------------------------------------

for my $t ($alpha, $beta) {
    my @c = $t->list('/api/v1/customers');
    is(scalar(@c), 1, "$t->{name} has one customer, on two channels");
    my $one = $t->api('GET', "/api/v1/customers/$c[0]{id}");
    unlike(json()->encode($one), traces($t->{name} eq 'alpha' ? 'beta'
                                                             : 'alpha'),
           '... linked to nobody elsewhere');
}

my $status = $beta->api('GET', '/api/v1/status');
is($status->{conversations}, 2, 'counts are of the tenant');
ok(!exists $status->{since_start}, '... the process is not its business');

# --- the operator ---------------------------------------------------------------

is(scalar(@{$cx->api('GET', '/api/v1/conversations')->{data}}), 0,
   'the default tenant has none of it');
my ($rc, $out) = $cx->ctl('--tenant', 'alpha', '-o', 'name', 'channels',
                          'list');
like("$rc $out", qr/^0 \Q$alpha->{channel}{id}\E\nch_\w+\n$/,
     'the operator names a tenant');
($rc, $out) = $cx->ctl('--tenant', 'nobody', 'channels', 'list');
is($rc, 5, '... that must be there');
($rc, $out) = $cx->ctl('--key-file', $beta->{key_file}, '-o', 'name',
                       'channels', 'list');
like("$rc $out", qr/^0 \Q$beta->{channel}{id}\E\nch_\w+\n$/,
     'a key counts there, too');

# --- suspended ------------------------------------------------------------------

($rc, $out) = $cx->ctl('-q', '--yes', 'tenants', 'suspend', 'beta');
is($rc, 0, 'suspended') or diag($out);
is($beta->ask('GET', '/api/v1/me')->{status}, 401, 'its keys are refused');
is($alpha->ask('GET', '/api/v1/me')->{status}, 200, '... no other\'s');
my $sent = () = $cx->ledger;
is($beta->say($account{beta}, from => $guest, text => 'Is there parking?'),
   200, 'a customer writes');
ok($cx->wait_for(10, sub { $cx->logs =~ /channel_inactive/ }),
   '... which is recorded');
($rc, $out) = $cx->ctl('-q', 'tenants', 'resume', 'beta');
is($rc, 0, 'resumed');
is($beta->ask('GET', '/api/v1/me')->{status}, 200, 'its keys are valid');
is(scalar(() = $cx->ledger), $sent, '... and it was not answered');

# --- what lies about ------------------------------------------------------------

my $secret = qr/cxk_[0-9a-f]{12}_[0-9a-f]/;
unlike($cx->logs, $secret, 'no key in a log');
unlike($cx->logs, qr/canary-(?:alpha|beta)/, 'nor a text');
unlike($cx->logs, qr/\@(?:alpha|beta)\./, 'nor an address');
my @keys = @{$cx->redis('KEYS', '*')};
unlike("@keys", qr/alpha|beta|canary|$guest/, 'no name in a key of Redis');
my @waiting = grep { $cx->redis('TYPE', $_) eq 'stream'
                     && $cx->redis('XLEN', $_) > 0 } @keys;
is("@waiting", '', 'nothing is left in a stream');

is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
