package Connext::Redis;

# A blocking Redis client, enough for tests.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use IO::Socket::UNIX;

our @EXPORT_OK = qw(function_text);

my ($top) = abs_path(__FILE__) =~ m{^(.*)/t/lib/};


sub new {
    my ($class, $path) = @_;

    return bless { path => $path }, $class;
}


# Dies on a lost connection and on an error reply.
sub command {
    my ($self, @argv) = @_;

    my $s = $self->{sock} ||= IO::Socket::UNIX->new(Peer => $self->{path})
        or die "redis: $!\n";
    my $out = '*' . @argv . "\r\n"
              . join '', map { '$' . length($_) . "\r\n$_\r\n" } @argv;

    local $SIG{PIPE} = 'IGNORE';
    print {$s} $out or $self->lost;
    $s->flush;
    my $reply = $self->reply;
    die "redis: $$reply\n" if ref $reply eq 'SCALAR';
    return $reply;
}


sub lost {
    my ($self) = @_;

    delete $self->{sock};
    die "redis: connection lost\n";
}


# An error is a reference to its text.
sub reply {
    my ($self) = @_;

    my $s = $self->{sock};
    local $/ = "\r\n";
    my $line = <$s>;
    $self->lost unless defined $line;
    chomp $line;

    my ($type, $rest) = $line =~ /^(.)(.*)/s;
    return $rest if $type eq '+' || $type eq ':';
    return \$rest if $type eq '-';

    if ($type eq '$') {
        return undef if $rest < 0;
        my $got = read $s, my $bytes, $rest + 2;
        $self->lost unless defined $got && $got == $rest + 2;
        return substr $bytes, 0, $rest;
    }

    return undef if $rest < 0;
    return [map { $self->reply } 1 .. $rest];
}


# The text of a Function as core has it ("queue": cx_queue_lua), by a program
# of two lines.
sub function_text {
    my ($dir, $name) = @_;

    my $c = "$dir/$name.c";
    open(my $out, '>', $c) or die "$c: $!";
    print $out "#include \"core/$name.h\"\n#include <stdio.h>\n"
               . "int main(void) { return fputs(cx_${name}_lua, stdout) < 0;"
               . " }\n";
    close($out) or die "$c: $!";

    my $core = join ' ', glob "$top/src/core/*.c";
    my $cc = $ENV{CC} || 'cc';

    system("$cc -std=c11 -D_GNU_SOURCE -I$top/src -o $c.out $c $core"
           . ' -lcrypto -lm') == 0 or die 'cannot compile';

    return scalar `$c.out`;
}


1;
