// Package harness is one run on one phone: the lease of the phone, its proxy and recorder, the canaries, the windows
// around actions, the controls that must hold before anything may be called clean, and the undo journal that puts the
// phone back.
//
// It drives and records. It judges nothing: what an attempt means is read from its files by assertions/leak. It refuses
// to carry on over a fault: an attempt is restarted from its beginning or recorded as what it is, never resumed.
package harness
