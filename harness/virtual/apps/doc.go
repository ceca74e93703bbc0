// Package apps is what runs on a virtual phone: the activity and window manager, a launcher, the settings, browsers, a
// player, services without a screen. Apps really ask the network for pages and really send what their personality says
// they leak; the screen shows what they have.
//
// It decides nothing about leaks. What was sent is noted by the telemetry kits as they send it.
package apps
