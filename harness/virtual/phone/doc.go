// Package phone is the state of one virtual phone: properties, settings and the proxy they result in, packages, files,
// installed certificates, power, processes, log and the faults it is told to have. Whatever a command prints or an app
// does is read from here, so that two answers of one phone never contradict each other.
//
// It draws nothing, runs no command and opens no socket. It never reads or writes the host's files.
package phone
