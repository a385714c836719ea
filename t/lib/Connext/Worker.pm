package Connext;

# Workers of an installation, and what is set up through their API.

use strict;
use warnings;

use Connext::Http;
use Connext::Process qw(read_file write_file);
use Connext::Sample qw(json);

our ($BUILD, $ACCOUNT);


# Each installation has a store of its own: a file, or with
# CONNEXT_STORE=postgresql a database of the server of t/lib/postgres.pl.
sub store_url {
    my ($self) = @_;

    return $self->{store_url} if $self->{store_url};
    return $self->{store_url} = "sqlite:$self->{dir}/connext.db"
        if ($ENV{CONNEXT_STORE} // 'sqlite') eq 'sqlite';

    my $place = $ENV{CONNEXT_POSTGRESQL}
        // die "no server: perl t/lib/postgres.pl prove ...\n";
    my ($name) = $self->{dir} =~ m{([^/]+)$};
    $name =~ s/\W/_/g;
    system('psql', '-X', '-q', '-h', $place, '-U', 'postgres', '-c',
           qq{CREATE DATABASE "$name"}) == 0 or die "no database\n";
    return $self->{store_url} = "postgresql://postgres@/$name?host=$place";
}


# All that is in the record: SQLite's files as they are, or a dump in SQL.
sub record {
    my ($self) = @_;

    my ($name, $place) = $self->store_url =~ m{^postgresql://[^/]*/(\w+)\?host=(.*)};
    return map { ($_ => read_file($_)) } glob $self->path('connext.db*')
        unless defined $name;

    open my $dump, '-|', 'pg_dump', '-h', $place, '-U', 'postgres', $name
        or die "pg_dump: $!\n";
    local $/;
    my $text = <$dump>;
    close $dump or die "pg_dump failed\n";
    return (record => $text);
}


sub write_worker_conf {
    my ($self, $name) = @_;

    my $dir = $self->{dir};
    my $patience = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
    my %conf = (
        'store.url'            => $self->store_url,
        'redis.address'        => "unix:$dir/redis.sock",
        'media.dir'            => "$dir/media",
        'api.socket'           => "$dir/$name.sock",
        'worker.quiet_ms'      => 20,
        'worker.quiet_cap_ms'  => 500,
        'worker.flood_messages' => 0,
        'worker.lease_ms'      => 2000 * $patience,
        'worker.reconcile_ms'  => 1500,
        'worker.drain_ms'      => 5000,
        'send.retry_base_ms'   => 50,
        'send.timeout_ms'      => 1000 * $patience,
        'ai.timeout_ms'        => 3000 * $patience,
        'ai.deadline_ms'       => 4000 * $patience,
        # Customers of tests are machines, and write all day.
        'ai.loops'             => 'off',
        'ai.turns_max'         => 0,
        %{$self->{conf}},
    );

    my %section;
    for my $key (sort keys %conf) {
        my ($s, $k) = split /\./, $key;
        $section{$s} .= "$k = $conf{$key}\n";
    }

    write_file($self->path("conf/$name.ini"),
               join "\n", map { "[$_]\n$section{$_}" } sort keys %section);
}


# With a failpoint it is the build that has them.
sub start_worker {
    my ($self, $name) = @_;

    my $fp = delete $self->{failpoint};
    my $binary = defined $fp ? 'connext-worker-fp' : 'connext-worker';
    my $sock = $self->path("$name.sock");

    $self->write_worker_conf($name);
    $self->launch($name, ["$BUILD/$binary", '-c',
                          $self->path("conf/$name.ini")],
                  defined $fp ? { CONNEXT_FAILPOINT => $fp } : {});
    $self->{api}{$name} = Connext::Http->new(unix => $sock);
    return if defined $fp;      # it may die before it is ready

    $self->ready($name, sub {
        -S $sock && ($self->api_raw($name, 'GET', '/readyz'))->{status} == 200;
    }, 20);
}


# The next worker that is started dies there: "send.after=kill".
sub failpoint {
    my ($self, $spec) = @_;

    $self->{failpoint} = $spec;
    return $self;
}


sub api_raw {
    my ($self, $name, $method, $path, $body, $type) = @_;

    return $self->{api}{$name}->request($method, $path,
        defined $body ? { 'Content-Type' => $type || 'application/json' } : {},
        $body);
}


# Decoded answer; dies on anything but 2xx.
sub api {
    my ($self, $method, $path, $what) = @_;

    my ($name) = grep { $self->{pid}{$_} } sort keys %{$self->{api}};
    die "no worker runs\n" unless defined $name;

    my $res = $self->api_raw($name, $method, $path,
                             defined $what ? json()->encode($what) : undef);
    die "api: $method $path: $res->{status} " . ($res->{body} // '') . "\n"
        unless $res->{status} =~ /^2/;
    return $res->{body} ? json()->decode($res->{body}) : {};
}


# Partitions that a worker owns.
sub owned {
    my ($self, $name) = @_;

    my $res = $self->api_raw($name, 'GET', '/api/v1/status');
    my $p = json()->decode($res->{body})->{partitions};
    return ref $p ? $p->{owned} : $p;
}


sub knowledge {
    my ($self, $agent, $file, $text) = @_;

    my ($name) = grep { $self->{pid}{$_} } sort keys %{$self->{api}};
    my $res = $self->api_raw($name, 'POST',
                             "/api/v1/agents/$agent/knowledge?name=$file",
                             $text, 'text/plain');
    die "knowledge: $res->{status} $res->{body}\n"
        unless $res->{status} =~ /^2/;
}


# connextctl beside the first worker and the edge: (exit code, what it said).
sub ctl {
    my ($self, @argv) = @_;

    local $ENV{CONNEXT_URL} = 'unix:' . $self->path('worker.sock');
    local $ENV{CONNEXT_EDGE} = "http://127.0.0.1:$self->{port}";

    open my $fh, '-|', 'sh', '-c', 'exec "$0" "$@" 2>&1',
         "$BUILD/connextctl", @argv
        or die "connextctl: $!\n";

    local $/;
    my $out = <$fh>;
    close $fh;
    return ($? >> 8, $out);
}


our $FAQ = <<'_END';
question,answer
When is check-in?,Check-in is from 15:00.
When is check-out?,Check-out is until 11:00.
Is there parking?,Parking is free behind the house.
_END


# An agent, its knowledge, the channel wa-main.  provider => 'openai' asks
# the double.
sub set_up {
    my ($self, %arg) = @_;

    my $double = "http://127.0.0.1:$self->{double_port}";
    my %agent = (name => 'desk', provider => 'knowledge', threshold => 0.3,
                 handoff => 'I will ask a colleague.');
    if (($arg{provider} // '') eq 'openai') {
        write_file($self->path('api_key'), "canary-api-key\n", 0600);
        %agent = (%agent, provider => 'openai', base_url => "$double/v1",
                  model => 'double', threshold => 0,
                  api_key_file => $self->path('api_key'));
    }

    $self->api('POST', '/api/v1/agents', { %agent, %{$arg{agent} || {}} });
    $self->knowledge('desk', 'faq.csv', $FAQ) unless $arg{no_knowledge};
    $self->api('POST', '/api/v1/channels', {
        name => 'wa-main', type => 'whatsapp', account => $ACCOUNT,
        agent => 'desk', token_file => $self->path('access_token'),
        base_url => "$double/v21.0", settings => { rate => '100000' },
        %{$arg{channel} || {}} });
    return $self;
}


1;
