package catalogue

// Condition is a switch of a phone that decides what may be sent at all: what its vendor calls an experience program,
// diagnostics or personalised ads. What one is said to mean is data with a certainty, as all of the catalogue.
type Condition struct {
	ID        string
	Name      string // for people
	Namespace string // of the settings provider
	Key       string
	On, Off   string // values known to mean so; another one is shown as it is
	Xiaomi    bool   // of Xiaomi's phones alone
	Certainty Certainty
	Source    string
}

// Conditions lists the switches of a phone, Xiaomi's own among them if it is one of theirs.
func Conditions(xiaomi bool) (out []Condition) {
	for _, c := range conditions {
		if xiaomi || !c.Xiaomi {
			out = append(out, c)
		}
	}
	return out
}

var conditions = [...]Condition{
	{
		ID: "user-experience", Name: "User Experience Program", Namespace: "secure", Key: "upload_log_pref", On: "1", Off: "0", Xiaomi: true,
		Certainty: Sourced, Source: "MIUI's framework, decompiled (UPLOAD_LOG); apps of MIUI and its OneTrack library read it before they send",
	},
	{
		ID: "diagnostics", Name: "Send diagnostic data automatically", Namespace: "secure", Key: "upload_debug_log_pref", On: "1", Off: "0", Xiaomi: true,
		Certainty: Sourced, Source: "MIUI's framework, decompiled (UPLOAD_DEBUG_LOG); scripts that switch it name it so",
	},
	{
		ID: "personalised-ads", Name: "Personalised ad recommendations", Namespace: "global", Key: "personalized_ad_enabled", Off: "0", Xiaomi: true,
		Certainty: Reported, Source: "MIUI's framework, decompiled, names the key; which values mean on is not known (one phone has 3)",
	},
	{
		ID: "usage-diagnostics", Name: "Google's usage and diagnostics", Namespace: "global", Key: "multi_cb", On: "1", Off: "0",
		Certainty: Sourced, Source: "AOSP's ProfcollectForwardingService asks it as the usage setting; Google's apps name it the usage and diagnostics checkbox",
	},
	{
		ID: "app-errors", Name: "Report crashes of apps", Namespace: "global", Key: "send_action_app_error", On: "1", Off: "0",
		Certainty: Unverified, Source: "AOSP, Settings.Global.SEND_ACTION_APP_ERROR; whether a vendor's build heeds it was not seen",
	},
	{
		ID: "limit-ad-tracking", Name: "Limit ad tracking", Namespace: "secure", Key: "limit_ad_tracking", On: "1", Off: "0",
		Certainty: Unverified, Source: "documented for Amazon's tablets alone; Google Play services keep theirs where no adb command reads it",
	},
}
