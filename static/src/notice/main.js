import { startSize } from "../phone/size.js";

startSize();
