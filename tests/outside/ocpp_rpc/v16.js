'use strict';
// What this CSMS does with each message of OCPP 1.6.

const ENERGY = 'Energy.Active.Import.Register';
// A CSMS that starts anew must not give out a number twice.
let nextTransaction = Math.floor(Date.now() / 1000);

function info(idTag) {
  return { status: idTag.startsWith('CARD-') ? 'Accepted' : 'Invalid' };
}

function registerOf(meterValue) {
  const found = meterValue.sampledValue.find((each) => (each.measurand || ENERGY) === ENERGY && !each.phase);
  return found ? Number(found.value) * (found.unit === 'kWh' ? 1000 : 1) : null;
}

exports.handlers = (tell) => ({
  BootNotification(params) {
    tell('boot', { vendor: params.chargePointVendor, model: params.chargePointModel });
    return { status: 'Accepted', currentTime: new Date().toISOString(), interval: 300 };
  },
  Heartbeat() {
    tell('heartbeat', {});
    return { currentTime: new Date().toISOString() };
  },
  StatusNotification({ connectorId, status, errorCode }) {
    tell('status', { evse: connectorId, status, error: errorCode });
    return {};
  },
  Authorize({ idTag }) {
    tell('authorize', { token: idTag });
    return { idTagInfo: info(idTag) };
  },
  StartTransaction({ connectorId, idTag, meterStart, timestamp }) {
    const transaction = String(nextTransaction++);
    tell('begun', { transaction, evse: connectorId, token: idTag, register_wh: meterStart, at: timestamp });
    return { transactionId: Number(transaction), idTagInfo: info(idTag) };
  },
  MeterValues({ transactionId, meterValue }) {
    for (const each of meterValue) {
      tell('updated', { transaction: String(transactionId), register_wh: registerOf(each), at: each.timestamp });
    }
    return {};
  },
  StopTransaction({ transactionId, idTag, meterStop, timestamp, reason }) {
    const transaction = String(transactionId);
    // 1.6 lets the reason Local be left out.
    tell('ended', { transaction, token: idTag || null, register_wh: meterStop, reason: reason || 'Local', at: timestamp });
    return idTag ? { idTagInfo: info(idTag) } : {};
  },
});
