package Connext::Tenants;

# Two tenants of one installation, and requests with their keys.

use strict;
use warnings;

use Connext::Http;
use Connext::Process qw(read_file);
use Connext::Sample qw(delivery json text_message);
use Exporter 'import';

our @EXPORT_OK = qw(tenant routes);


# A tenant with an owner's key.
sub tenant {
    my ($cx, $name) = @_;

    my $self = bless { cx => $cx, name => $name,
                       key_file => $cx->path("$name.key"),
                       http => Connext::Http->new(
                           unix => $cx->path('front.sock')) };
    $cx->api('POST', '/api/v1/tenants', { name => $name });
    my ($rc, $key) = $cx->ctl('-q', '--tenant', $name, 'keys', 'create',
                              '--name', 'first', '--role', 'owner');
    die "keys create: $key\n" if $rc != 0;
    Connext::Process::write_file($self->{key_file}, $key, 0600);
    chomp($self->{key} = $key);
    return $self;
}


# { status, headers, body } by the socket that wants keys.
sub ask {
    my ($self, $method, $path, $what, %headers) = @_;

    my $body = ref $what ? json()->encode($what) : $what;
    $headers{'Content-Type'} //= 'application/json' if ref $what;
    $headers{Authorization} //= "Bearer $self->{key}" if $self->{key};
    return $self->{http}->request($method, $path, \%headers, $body);
}


sub api {
    my ($self, $method, $path, $what, %headers) = @_;

    my $res = $self->ask($method, $path, $what, %headers);
    die "$self->{name}: $method $path: $res->{status} $res->{body}\n"
        if $res->{status} !~ /^2/;
    return $res->{body} ? json()->decode($res->{body}) : {};
}


sub list {
    my ($self, $path) = @_;

    return @{$self->api('GET', $path)->{data}};
}


# The same with another key.
sub with_key {
    my ($self, $key) = @_;

    return bless { %$self, key => $key };
}


# A customer writes to the account.
sub say {
    my ($self, $account, %m) = @_;

    $m{id} //= "wamid.$self->{name}." . ++$self->{n};
    my $name = delete $m{name};
    return $self->{cx}->post(delivery(account => $account, name => $name,
        messages => [$m{message} // text_message(%m)]))->{status};
}


# Every route of the API, from the tables in its source: method, path, scope
# (undef: for everybody).
sub routes {
    my @routes;

    for my $file (sort glob 'src/worker/*.c') {
        my $text = read_file($file);
        while ($text =~ m/\{\s"(GET|POST|PATCH|PUT|DELETE)",\s+"(\/[^"]*)",
                          ([^;]*?)\s\},\n/gx)
        {
            my ($method, $path, $rest) = ($1, $2, $3);
            my ($scope) = $rest =~ /"([a-z]*:?[a-z]*)"$/;
            push @routes, { method => $method, path => $path,
                            scope => $rest =~ /NULL$/ ? undef : $scope };
        }
    }

    return @routes;
}


1;
