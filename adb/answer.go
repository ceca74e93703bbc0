package adb

// An Answerer stands in for a phone: it is given each command as it would be sent, and returns what the phone would have
// printed. A [Device] with one sends nothing anywhere; that is how the commands of a procedure can be shown beforehand.
type Answerer func(Command) []byte

// answered is a command that the stand-in answered, for [Device.run] and the services beside the shell.
func (d *Device) answered(c Command) (Result, bool) {
	if d.answer == nil {
		return Result{}, false
	}
	return Result{Stdout: d.answer(c)}, true
}
